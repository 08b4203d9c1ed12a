"""Settings files: a section of a YAML file into a model, every mistake with its line in the whole file."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from sfsync.errors import ConfigError
from sfsync.mapping.validate import read_model


class Place(BaseModel):
    model_config = ConfigDict(extra="forbid")
    city: str
    floors: int = Field(1, ge=1)


class House(BaseModel):
    model_config = ConfigDict(extra="forbid")
    places: dict[str, Place] = {}
    tags: tuple[str, ...] = ()


def refused(tmp_path: Path, text: str, section: str | None = None) -> str:
    path = tmp_path / "house.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as error:
        read_model(path, House, section=section)
    return str(error.value)


def test_a_section_becomes_a_model(tmp_path: Path):
    path = tmp_path / "house.yaml"
    path.write_text("other: 1\nhouse:\n  places:\n    home: {city: Gent}\n", "utf-8")
    assert read_model(path, House, section="house").places["home"] == Place(city="Gent", floors=1)


def test_mistakes_deep_inside_have_their_line_and_what_was_meant(tmp_path: Path):
    text = "other: 1\nhouse:\n  places:\n    home: {ciyt: Gent, floors: 0}\n  tags: red\n"
    said = refused(tmp_path, text, "house")
    assert "has 4 mistakes" in said
    assert "house.yaml:4: Unknown key 'ciyt' in house.places.home. Did you mean city?" in said
    assert "house.yaml:4: The key 'city' is missing in house.places.home." in said
    assert "house.yaml:4: house.places.home.floors: input should be greater than or equal to 1." in said
    assert "house.yaml:5: house.tags: a list is expected." in said


def test_a_section_that_is_not_there(tmp_path: Path):
    assert "has no section 'house'" in refused(tmp_path, "other: 1", "house")
    assert "keys with values are expected" in refused(tmp_path, "- 1")


def test_a_secret_in_the_wrong_place_is_not_told(tmp_path: Path):
    from sfsync.transports.settings import ImapSettings

    path = tmp_path / "x.yaml"
    path.write_text("host: h\nusername: u\npassword: geheim\n")
    with pytest.raises(ConfigError) as caught:
        read_model(path, ImapSettings)
    assert ":3: password: a secret must not stand in YAML. Name where it is kept: env:NAME" in str(
        caught.value
    )
    assert "geheim" not in str(caught.value)

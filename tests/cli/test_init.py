"""`sfsync init` copies a whole project, and never over something that is there."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sfsync.cli.init import CONTENT, command, copy_project, shipped
from sfsync.errors import ConfigError


def test_the_copy_is_a_project(tmp_path: Path):
    target = tmp_path / "mine"
    files = copy_project(shipped(), target)
    assert {path.partition("/")[0] for path in files} == {*CONTENT, ".gitignore"}
    assert (target / "config" / "sfsync.yaml").is_file()
    assert not [path for path in files if "__pycache__" in path]
    for name in files:
        if name != ".gitignore":
            assert (target / name).read_bytes() == (shipped() / name).read_bytes()


def test_a_folder_with_anything_in_it_is_left_alone(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="is not empty"):
        copy_project(shipped(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_empty_folder_will_do(tmp_path: Path):
    assert copy_project(shipped(), tmp_path)


def test_not_into_the_project_itself(tmp_path: Path):
    own = tmp_path / "own"
    copy_project(shipped(), own)
    with pytest.raises(ConfigError, match="lies inside"):
        copy_project(own, own / "config" / "deep")


def test_a_place_that_cannot_be_written_is_explained(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        copy_project(shipped(), tmp_path / "file" / "project")


def test_the_command_says_what_to_do_next(tmp_path: Path):
    done = CliRunner().invoke(
        command, [str(tmp_path / "p")], catch_exceptions=False, help_option_names=["-h", "--help"]
    )
    assert done.exit_code == 0
    assert "What to do next" in done.output
    assert f"cd {tmp_path / 'p'}" in done.output


def test_json_names_the_files(tmp_path: Path):
    done = CliRunner().invoke(
        command, ["--json", str(tmp_path / "p")], catch_exceptions=False, help_option_names=["-h", "--help"]
    )
    body = json.loads(done.output)
    assert body["project"] == str(tmp_path / "p")
    assert "config/sfsync.yaml" in body["files"]


def test_another_project_can_be_copied(tmp_path: Path):
    copy_project(shipped(), tmp_path / "one")
    (tmp_path / "one" / "flows" / "extra.py").write_text('"""Mine."""\n')
    args = ["--project", str(tmp_path / "one"), str(tmp_path / "two")]
    CliRunner().invoke(command, args, catch_exceptions=False, help_option_names=["-h", "--help"])
    assert (tmp_path / "two" / "flows" / "extra.py").is_file()


def test_functions_of_ones_own_are_copied_too(tmp_path: Path):
    own, copy = tmp_path / "own", tmp_path / "copy"
    copy_project(shipped(), own)
    (own / "transforms").mkdir()
    (own / "transforms" / "cars.py").write_text("def plate(text):\n    return text\n", encoding="utf-8")
    assert "transforms/cars.py" in copy_project(own, copy)

"""A mapping that does not fit the org: `mapping check` and `import` say which line, and what could be meant."""

from pathlib import Path

import pytest

from tests.cli.conftest import Shell

MAPPING = """mapping: bad
object: Acount
key: Sfsync_Key
file: {headers: {code: [Code], name: [Name]}}
fields:
  Sfsync_Key: {from: code, type: key}
  Nmae: name
"""


@pytest.fixture
def mapping(shell: Shell) -> Path:
    (shell.folder / "in.csv").write_text("Code;Name\na;b\n", encoding="utf-8")
    path = shell.folder / "bad.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "words", [("mapping", "check", "bad.yaml", "--org", "env"), ("import", "bad.yaml", "in.csv")]
)
@pytest.mark.parametrize("more", [(), ("--plan",)])
def test_an_object_and_fields_that_the_org_does_not_have(
    shell: Shell, mapping: Path, words: tuple[str, ...], more: tuple[str, ...]
) -> None:
    if words[0] == "mapping" and more:
        pytest.skip("mapping check has no plan")
    command = [str(shell.folder / word) if "." in word else word for word in (*words, *more)]
    said = shell(*command)
    assert said.code == 2
    assert (
        "bad.yaml:2: The org has no object called Acount, or hides it from this user. Did you mean Account?"
        in (said.out + said.err)
    )
    mapping.write_text(MAPPING.replace("Acount", "Account"), encoding="utf-8")
    said = shell(*command)
    assert said.code == 2
    assert "bad.yaml:6: Account has no field Sfsync_Key. Did you mean Sfsync_Key__c?" in said.out + said.err
    assert "bad.yaml:7: Account has no field Nmae. Did you mean Name?" in said.out + said.err


def test_an_object_that_is_like_none(shell: Shell, mapping: Path) -> None:
    mapping.write_text(MAPPING.replace("Acount", "Zzyzx__c"), encoding="utf-8")
    said = shell("mapping", "check", mapping, "--org", "env")
    assert "Zzyzx__c, or hides it from this user. Give its API name." in said.out

"""The mappings that ship against the org that ships: every field is there, fits, and takes the values."""

import json
from pathlib import Path

import pytest

from sfsync.mapping.compile import compile_mapping
from sfsync.mapping.load import load_mapping
from sfsync.mockorg import MockOrg
from sfsync.mockorg.http import Request

ROOT = Path(__file__).resolve().parents[2]
MAPPINGS = sorted((ROOT / "mappings").rglob("*.yaml"))


@pytest.fixture(scope="module")
def org():
    made = MockOrg(metadata=[ROOT / "config" / "org"])
    yield made
    made.close()


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in MAPPINGS])
def test_a_mapping_fits_the_org(org: MockOrg, path: Path):
    mapping = compile_mapping(load_mapping(path))
    headers = {"authorization": f"Bearer {org.token}"}
    target = f"/services/data/v62.0/sobjects/{mapping.mapping.object}/describe"
    answer = org.handle(Request("GET", target, headers))
    assert answer.status == 200
    assert mapping.check_against(json.loads(answer.body)) == []

"""pytest fixtures, known to every pytest where sfsync is installed.

    mock_org          a fresh mock org that answers what ``requests`` sends in this process
    mock_org_server   the same kind of org on a real port: ``.url``, ``.token``, ``.org``
    sfsync_project    the project of the working folder, bound to ``mock_org``

pytest imports this file at every start, so nothing else of sfsync is imported before a fixture is asked for.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sfsync.mockorg import MockOrg
    from sfsync.testing.bound import BoundProject, ServedOrg


@pytest.fixture
def mock_org() -> "Iterator[MockOrg]":
    """A mock org with the project's fields and the catalogue, empty of leads; every host leads to it."""
    from sfsync.testing.bound import new_org

    org = new_org()
    with org.activate():
        yield org
    org.close()


@pytest.fixture
def mock_org_server() -> "Iterator[ServedOrg]":
    """A mock org that listens on loopback."""
    from sfsync.testing.bound import ServedOrg, new_org

    org = new_org()
    with org.serve() as server:
        yield ServedOrg(org, server.url, server.token)
    org.close()


@pytest.fixture
def sfsync_project(mock_org: "MockOrg", tmp_path: Path) -> "BoundProject":
    """The project of the working folder (else the one that came with sfsync), with a state folder of its own."""
    from sfsync.testing.bound import BoundProject

    return BoundProject(mock_org, tmp_path / "state")

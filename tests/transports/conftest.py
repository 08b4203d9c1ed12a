from collections.abc import Iterator

import pytest

from tests.transports import orgs, servers


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Sshd]:
    with servers.sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture(scope="session")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Dovecot]:
    with servers.dovecot(tmp_path_factory.mktemp("dovecot")) as running:
        yield running


@pytest.fixture
def portal() -> Iterator[orgs.Portal]:
    with orgs.portal() as opened:
        yield opened

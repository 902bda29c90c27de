"""What all tests share: the real system, and a CI run that fails if anything was skipped."""

import os
from collections.abc import Iterator

import pytest

from bench.system import System


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The real server and sidecar with the shipped models, running for the whole session."""
    with System(tmp_path_factory.mktemp("system")) as running:
        yield running.play()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("CI has everything that tests need, so none may be skipped.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

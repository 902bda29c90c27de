"""What all tests share: the real system, and a CI run that fails if anything was skipped."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from bench.system import System

settings.register_profile("any-machine", deadline=None)  # how long an example takes says nothing of what holds
settings.load_profile("any-machine")


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


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes name no test: an archive holds the time, and all who run the tests side by side must agree on names."""
    return argname if isinstance(val, bytes) else None

"""The client's own tests, which run in Node.js without a browser."""

import subprocess
from pathlib import Path
from shutil import which

import pytest

NODE = which("node")
WEB = Path(__file__).parents[2] / "web"


@pytest.mark.skipif(NODE is None, reason="needs Node.js on the path")
def test_the_clients_own_tests_pass() -> None:
    assert NODE is not None
    files = sorted(str(path) for path in (WEB / "tests").glob("*.test.js"))
    done = subprocess.run([NODE, "--test", *files], cwd=WEB, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr

"""docs/commands.md is what the command lines say."""

import sys
from pathlib import Path

import pytest

from bench.pages import page

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="argparse words its help otherwise in other versions")
def test_the_page_is_what_the_commands_say() -> None:
    assert PAGE.read_text() == page(), "python -m bench commands > docs/commands.md"


def test_the_page_is_the_same_on_every_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = page()
    monkeypatch.setenv("COLUMNS", "40")
    assert page() == wide

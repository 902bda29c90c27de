"""What the documents say is what the code does."""

import re
from pathlib import Path

import pytest

from game.codes import MEANING
from game.settings import KNOWN
from game.wire import MAX_IMAGE

ROOT = Path(__file__).parent.parent


def test_every_refusal_code_is_documented_with_its_meaning() -> None:
    told = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", (ROOT / "docs/protocol.md").read_text(), re.M))
    assert told == {str(code): meaning for code, meaning in MEANING.items()}


def test_the_frame_bound_is_documented() -> None:
    assert f"{(MAX_IMAGE + 64 * 1024) // 1024} KiB" in (ROOT / "docs/protocol.md").read_text()


def test_every_variable_is_documented() -> None:
    assert set(re.findall(r"`(RPS_[A-Z_]+)`", (ROOT / "README.md").read_text())) == KNOWN


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(ROOT) for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")]), ids=str
)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert ((ROOT / page).parent / target).exists(), target

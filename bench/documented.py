"""What the documents tell a reader to type: the `sh` blocks of their pages, in reading order.

The line before a block may say that it is special: `<!-- not run: REASON -->`, `<!-- long: about 4 min -->`, or
`<!-- stays -->` for a command that runs until it is interrupted.
"""

import re
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

FIRST = ("README.md", "CONTRIBUTING.md")
"""Read before the others."""
_BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>not run|long|stays)(?:: (?P<why>[^\n]+?))? -->\n)?```(?P<language>sh|bash|shell|console)\n"
    r"(?P<text>.*?)^```$",
    re.M | re.S,
)


class Mark(StrEnum):
    """How a block is run."""

    NONE = ""
    NOT_RUN = "not run"
    LONG = "long"
    STAYS = "stays"


class Block(NamedTuple):
    """Commands that are typed together; `line` is where they begin, `why` the reason or the time that a mark gives."""

    page: str
    line: int
    text: str
    mark: Mark
    why: str

    @property
    def commands(self) -> str:
        """In one line, for a table."""
        lines = (line.partition(" #")[0].strip() for line in self.text.replace("\\\n", " ").splitlines())
        return "; ".join(re.sub(r"\s+", " ", line) for line in lines if line and not line.startswith("#"))


def pages(root: Path) -> list[str]:
    """Every page with commands for a reader, relative to the root, in the order to read them."""
    others = [*root.glob("docs/*.md"), *root.glob("*/README.md")]
    found = sorted(path.relative_to(root).as_posix() for path in others)
    return [page for page in FIRST if (root / page).exists()] + found


def blocks(root: Path, page: str) -> list[Block]:
    """The page's blocks. Raises ValueError where one is written so that it cannot be told what it is."""
    text = (root / page).read_text()
    found = []
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("language")) + 2
        mark = Mark(match["mark"] or "")
        if match["language"] != "sh":
            raise ValueError(f"{page}:{line}: a reader's commands are marked `sh`, what they print `text` or `json`")
        if mark in (Mark.NOT_RUN, Mark.LONG) and not match["why"]:
            raise ValueError(f"{page}:{line}: `{mark}` needs its reason or its time behind a colon")
        found.append(Block(page, line, match["text"], mark, match["why"] or ""))
    return found

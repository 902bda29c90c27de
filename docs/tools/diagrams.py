"""Draw every Mermaid diagram of the documents as a browser shows it: `python docs/tools/diagrams.py FOLDER [PAGE ...]`.

Each becomes PAGE-NUMBER.svg and .png in the folder. A diagram that Mermaid cannot read is told of with its page and
line, and the exit status is 1. It needs `npm ci` in docs/ and Chromium.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import which

from playwright.sync_api import Error, Page, sync_playwright

ROOT = Path(__file__).parents[2]
MERMAID = ROOT / "docs/node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js"
CHROMIUM = which("chromium")
BLOCK = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DRAW = "async ([name, text]) => (await mermaid.render(name, text)).svg"
STACK = "\n    at "
"""With this begins what of a fault is about Mermaid's own source."""
WIDTH = 1000
"""Pixels of the column that GitHub shows a page in, about."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw what is asked for; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the drawings are put")
    parser.add_argument("pages", type=Path, nargs="*", help="Markdown files, else all of the repository")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    faults = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": WIDTH})
        page.set_content("<main></main>")
        page.add_script_tag(path=MERMAID)
        page.evaluate("mermaid.initialize({ startOnLoad: false, suppressErrorRendering: true })")
        for document in given.pages or documents():
            for number, (line, text) in enumerate(diagrams(document), start=1):
                faults += not drawn(page, f"{document.stem}-{number}", text, given.folder, f"{document}:{line}")
        browser.close()
    return 1 if faults else 0


def documents() -> list[Path]:
    """The pages of the repository that may hold diagrams."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")])


def diagrams(document: Path) -> Iterator[tuple[int, str]]:
    """The line where each diagram begins, and its text."""
    whole = document.read_text()
    for block in BLOCK.finditer(whole):
        yield whole.count("\n", 0, block.start()) + 1, block.group(1)


def drawn(page: Page, name: str, text: str, folder: Path, where: str) -> bool:
    """Whether it could be drawn; if not, why is told."""
    try:
        svg = page.evaluate(DRAW, [name, text])
    except Error as error:
        sys.stdout.write(f"{where}: {error.message.partition(STACK)[0]}\n")
        return False
    (folder / f"{name}.svg").write_text(svg)
    page.evaluate("svg => { document.querySelector('main').innerHTML = svg; }", svg)
    page.locator("main > svg").screenshot(path=folder / f"{name}.png")
    return True


if __name__ == "__main__":
    sys.exit(main())

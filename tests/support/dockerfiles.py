"""The Dockerfiles as their instructions, and what their COPY would take out of this folder."""

import json
import re
import shutil
from fnmatch import fnmatch
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "k8s" / "images"
PROCESSES = ("server", "inference", "trainer")


class Stage(Struct):
    """What stands between one FROM and the next: words of instructions, in order."""

    base: str
    instructions: list[tuple[str, str]]

    def all(self, word: str) -> list[str]:
        return [rest for each, rest in self.instructions if each == word]

    def variables(self) -> dict[str, str]:
        pairs = re.findall(r"(\S+?)=(\S+)", " ".join(self.all("ENV")))
        return dict(pairs)

    def command(self, word: str) -> list[str]:
        """The JSON form of the last instruction with this word, options left out."""
        text = self.all(word)[-1]
        return json.loads(text[text.index("[") :])


def stages(process: str) -> list[Stage]:
    """The stages of this process's Dockerfile, the last one being the image."""
    return parsed((IMAGES / f"{process}.Dockerfile").read_text())


def parsed(text: str) -> list[Stage]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found: list[Stage] = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            found.append(Stage(rest, []))
        elif found:
            found[-1].instructions.append((word, rest.strip()))
    return found


def copied(stage: Stage) -> list[tuple[str, str]]:
    """(source, destination) of every COPY out of the build's folder."""
    return [tuple(rest.split()) for rest in stage.all("COPY") if not rest.startswith("--from=")]


def ignored(path: Path) -> bool:
    """Whether .dockerignore keeps this file of the repository out of every build; the last rule that fits decides."""
    name, out = path.relative_to(ROOT), False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if rule := line.partition("#")[0].strip():
            pattern = rule.removeprefix("!")
            if any(_fits(str(part), pattern) for part in (name, *list(name.parents)[:-1])):
                out = not rule.startswith("!")
    return out


def lay_out(process: str, app: Path) -> None:
    """Put into `app` what the image has in /app, compiled files aside."""
    for source, destination in copied(stages(process)[0]):
        if destination.startswith("/"):
            continue
        origin = ROOT / source
        files = [origin] if origin.is_file() else [path for path in origin.rglob("*") if path.is_file()]
        above = origin.parent if origin.is_file() else origin  # of a folder it is the contents that are copied
        for file in files:
            if not ignored(file):
                target = app / destination / file.relative_to(above)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)


def _fits(name: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch(name.rpartition("/")[2], pattern.removeprefix("**/"))
    return name.count("/") == pattern.count("/") and fnmatch(name, pattern)

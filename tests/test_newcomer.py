"""Every command that the documents tell a reader to type ends well, in the order of the pages."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bench import newcomer as command
from bench.documented import Block, Mark, blocks, pages
from bench.newcomer import newcomer, taken, walk

ROOT = Path(__file__).parents[1]
INSTALLED = (".venv", "web/node_modules", "docs/node_modules", "models/hands/fetched")
"""What setting up brings."""
PACKAGES = [(place, end) for place in ("web", "docs") for end in (".json", "-lock.json")]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The sources as they are here, with what setting up would bring."""
    made = tmp_path / "rps-quest"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(made)], check=True)
    told = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(told, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")[:-1]:
        if (ROOT / name).is_file():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, made / name)
    for name in INSTALLED:
        source = Path(sys.prefix) if name == ".venv" else ROOT / name
        if source.exists():
            (made / name).symlink_to(source)
    for name in ("pyproject.toml", "constraints.txt", *(f"{place}/package{end}" for place, end in PACKAGES)):
        os.utime(made / name, (0, 0))  # nothing is installed again
    return made


@pytest.mark.skipif(not (Path(sys.prefix) / ".running").exists(), reason="needs an environment that make has set up")
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.timeout(1800)
def test_every_command_of_the_documents_ends_well(clone: Path) -> None:
    if taken():
        pytest.skip(f"the documents use the ports 8000 to 8002, and somebody has {taken()}")
    found = walk(clone, long=False, tell=lambda done: None)
    assert [(f"{one.page}:{one.line}", one.commands, one.output) for one in found if one.status] == []
    typed = [one for one in found if one.status == 0]
    assert {"README.md", "docs/operations.md", "docs/models.md"} <= {one.page for one in typed}
    assert len(typed) >= 20


def test_what_a_block_sets_the_next_one_of_the_page_uses_and_a_failure_is_told(tmp_path: Path) -> None:
    def block(text: str, page: str = "README.md", mark: Mark = Mark.NONE) -> Block:
        return Block(page, 1, text, mark, "")

    (tmp_path / "clone").mkdir()
    with newcomer(tmp_path / "clone") as typing:
        assert typing.type(block("A='one two'\nexport PATH=/nowhere:$PATH"), False).status == 0
        assert typing.type(block('[ "$A" = "one two" ] && echo "$PATH"'), False).output.startswith("/nowhere:")
        assert typing.type(block('[ -z "$A" ]', "docs/other.md"), False).status == 0
        assert typing.type(block("false\necho on"), False).status == 1
        assert typing.type(block("false | cat"), False).status == 1
        assert typing.type(block("exit 3", mark=Mark.LONG), False).status is None
        assert typing.type(block("exit 3", mark=Mark.LONG), True).status == 3
        assert typing.type(block("exit 4", mark=Mark.STAYS), False).status == 4


def test_nothing_is_typed_to_somebody_elses_system(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        port = theirs.getsockname()[1]
        monkeypatch.setattr(command, "PORTS", (port,))
        assert command.main([]) == 1
    assert capsys.readouterr().err == f"bench newcomer: somebody has the ports {port}.\n"


def test_what_stays_and_does_not_heed_ctrl_c_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clone").mkdir()
    monkeypatch.setattr(command, "STOP_S", 0.2)
    monkeypatch.setattr(command, "_ready", (tmp_path / "clone" / "up").exists)
    block = Block("README.md", 1, "trap '' INT; echo $$ > pid; touch up; while :; do sleep 600; done", Mark.STAYS, "")
    with pytest.raises(subprocess.TimeoutExpired), newcomer(tmp_path / "clone") as typing:
        assert typing.type(block, False).status == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "clone" / "pid").read_text()), 0)


def test_blocks_are_found_with_their_marks(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(
        "# A\n\n```sh\nmake up  # all\n```\n\n<!-- long: about 4 min -->\n```sh\na |\\\n  b\n```\n"
        "<!-- not run: needs a cluster -->\n```sh\nkubectl\n```\n<!-- stays -->\n```sh\nmake play\n```\n"
        "```text\nno\n```\n"
    )
    assert pages(tmp_path) == ["README.md"]
    assert [(one.line, one.commands, one.mark, one.why) for one in blocks(tmp_path, "README.md")] == [
        (4, "make up", Mark.NONE, ""),
        (9, "a | b", Mark.LONG, "about 4 min"),
        (14, "kubectl", Mark.NOT_RUN, "needs a cluster"),
        (18, "make play", Mark.STAYS, ""),
    ]


@pytest.mark.parametrize("text", ["```bash\nls\n```\n", "<!-- not run -->\n```sh\nls\n```\n"])
def test_a_block_that_does_not_say_what_it_is_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "README.md").write_text(text)
    with pytest.raises(ValueError, match=r"README\.md:"):
        blocks(tmp_path, "README.md")

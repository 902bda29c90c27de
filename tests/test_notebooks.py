"""Every notebook runs from beginning to end, and what is stored of it is light and tells nothing of a machine."""

import re
from base64 import b64decode
from pathlib import Path
from socket import gethostname

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from notebooks import DATA, HERE, execute

PATHS = sorted(HERE.glob("*.ipynb"))
MOST = 400_000
"""Bytes of a notebook."""
MOST_OF_A_FIGURE = 60_000
LEAKS = re.compile(r"(?<![\w.:/])/(?:work|home|tmp|root|Users|var|opt|usr|proc|builds)/| at 0x[0-9a-f]{6,}")
"""A path of a machine, or where in its memory something lay."""

each = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def there(path: Path) -> tuple[bytes, set[Path]]:
    """What the notebook's file holds, and what stands at the root and beside it; other tests write in hidden places."""
    found = (*HERE.parent.iterdir(), *HERE.iterdir(), *DATA.rglob("*"))
    return path.read_bytes(), {one for one in found if one.name not in ("__pycache__", "var") and one.name[0] != "."}


@each
def test_it_runs_on_small_data(path: Path) -> None:
    notebook = execute.read(path)
    before = there(path)
    execute.put(notebook, execute.small(notebook))
    execute.run(notebook)
    assert not [output for output in outputs(notebook) if output.output_type == "error"]
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    assert there(path) == before


@each
def test_what_is_stored_was_executed_in_order_without_an_error(path: Path) -> None:
    notebook = execute.read(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {output.output_type for output in outputs(notebook)}
    assert kinds <= {"stream", "display_data", "execute_result"}
    assert not [one.text for one in outputs(notebook) if one.output_type == "stream" and one.name == "stderr"]


@each
def test_what_is_stored_is_light(path: Path) -> None:
    assert path.stat().st_size <= MOST
    figures = [
        output.data["image/png"] for output in outputs(execute.read(path)) if "image/png" in output.get("data", {})
    ]
    assert figures, "a notebook shows something"
    assert max(len(b64decode(figure)) for figure in figures) <= MOST_OF_A_FIGURE


@each
def test_what_is_stored_tells_nothing_of_the_machine_or_the_moment(path: Path) -> None:
    notebook = execute.read(path)
    assert set(notebook.metadata) == {"rps", *execute.KERNEL}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)
    told = [output.get("text", "") for output in outputs(notebook)]
    told += [
        str(text) for one in outputs(notebook) for kind, text in one.get("data", {}).items() if kind != "image/png"
    ]
    told += [cell.source for cell in notebook.cells]
    for text in told:
        assert not LEAKS.search(text), text
        assert str(HERE.parent) not in text
        assert gethostname() not in text.split()


@each
def test_its_cells_have_names_and_its_parameters_a_small_size(path: Path) -> None:
    notebook = execute.read(path)
    names = [cell.id for cell in notebook.cells]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{2,40}", name) for name in names), names
    assert execute.small(notebook)
    execute.put(notebook, execute.small(notebook))


def test_a_parameter_that_is_not_there_cannot_be_set() -> None:
    cell = nbformat.v4.new_code_cell("size = 3", metadata={"tags": [execute.TAG]})
    notebook = nbformat.v4.new_notebook(cells=[cell])
    with pytest.raises(execute.NotebookError, match="sise"):
        execute.put(notebook, {"sise": 4})


def test_a_warning_in_a_notebook_is_an_error() -> None:
    cell = nbformat.v4.new_code_cell("import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=1)")
    with pytest.raises(CellExecutionError, match="old"):
        execute.run(nbformat.v4.new_notebook(cells=[cell]))


def test_a_notebook_that_fails_is_told_of_and_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    monkeypatch.setattr(execute, "HERE", tmp_path)
    assert execute.main(["broken"]) != 0
    assert path.read_bytes() == before
    told = capsys.readouterr().err
    assert "broken failed" in told and "ZeroDivisionError" in told

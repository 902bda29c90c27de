"""Execute notebooks: `python -m notebooks.execute [NAME ...]` does it at full size and stores them with their outputs.

A notebook has one cell tagged `parameters`, plain assignments; its metadata hold at `rps.small` what the tests put in
their place, so that it runs in seconds. It runs in an empty folder and with a bare configuration, so that what it shows
follows from the repository alone. A warning that our own code causes is an error.
"""

import ast
import os
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode, from_dict
from traitlets.config import Config

from notebooks import HERE
from telemetry.commandline import FAILED, finished

TAG = "parameters"
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
BACKEND = "module://matplotlib_inline.backend_inline"
LONGEST = 1800
"""Seconds that one cell may take."""
_STRICT = """\
import warnings
warnings.filterwarnings("error", module=r"(__main__|notebooks|game|models|trainer|inference|telemetry|server)(\\.|$)")
"""


class NotebookError(Exception):
    """A notebook is not made as they all are."""


def read(path: Path) -> NotebookNode:
    """The notebook in the file."""
    return nbformat.read(path, as_version=4)  # type: ignore[no-any-return]


def small(notebook: NotebookNode) -> dict[str, Any]:
    """The parameters with which it runs in seconds."""
    return dict(notebook.metadata.get("rps", {}).get("small", {}))


def put(notebook: NotebookNode, values: Mapping[str, object]) -> None:
    """Set parameters of the notebook; raises NotebookError where its cell of parameters does not assign one of them."""
    cells = [cell for cell in notebook.cells if TAG in cell.metadata.get("tags", ())]
    if len(cells) != 1:
        raise NotebookError(f"One cell must be tagged {TAG!r}, and {len(cells)} are.")
    targets = [node.targets for node in ast.parse(cells[0].source).body if isinstance(node, ast.Assign)]
    assigned = {target.id for those in targets for target in those if isinstance(target, ast.Name)}
    if unknown := values.keys() - assigned:
        raise NotebookError(f"The cell of parameters does not assign {', '.join(sorted(unknown))}.")
    cells[0].source += "".join(f"\n{name} = {value!r}" for name, value in values.items())


def run(notebook: NotebookNode) -> None:
    """Execute the notebook, in place, in an empty folder; raises CellExecutionError with the cell that failed."""
    strict = nbformat.v4.new_code_cell(_STRICT)
    notebook.cells.insert(0, strict)
    with TemporaryDirectory(prefix="notebook-") as folder:
        working = Path(folder, "working")
        working.mkdir()
        # Sockets that nobody else on the machine can reach; their paths have to be short.
        sockets = {"transport": "ipc", "connection_file": f"{folder}/kernel.json"}
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            config=Config(KernelManager=sockets),
            resources={"metadata": {"path": working}},
            record_timing=False,
            coalesce_streams=True,
            timeout=LONGEST,
            startup_timeout=LONGEST,
            iopub_timeout=LONGEST,  # what a cell shows is late on a busy machine, and else would be left out
        )
        # Nothing of the user's own IPython or choice of Matplotlib's backend may change what is shown.
        own = {"PYTHONPATH": str(HERE.parent), "IPYTHONDIR": f"{folder}/ipython", "MPLBACKEND": BACKEND}
        client.execute(env=os.environ | own)
    notebook.cells.remove(strict)


def tidy(notebook: NotebookNode) -> None:
    """Leave in the notebook what a reader sees, and nothing of the machine or the moment."""
    notebook.metadata = from_dict({"rps": notebook.metadata.get("rps", {}), **KERNEL})
    code = (cell for cell in notebook.cells if cell.cell_type == "code")
    for number, cell in enumerate(code, start=1):
        cell.metadata = from_dict({key: value for key, value in cell.metadata.items() if key == "tags"})
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number


def store(path: Path) -> None:
    """Execute the notebook in the file at full size and replace the file."""
    notebook = read(path)
    run(notebook)
    tidy(notebook)
    nbformat.write(notebook, path)


def main(arguments: Sequence[str] | None = None) -> int:
    names = sorted(path.stem for path in HERE.glob("*.ipynb"))
    parser = ArgumentParser(
        prog="python -m notebooks.execute", description="Execute notebooks and store their outputs."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", default=names, help=f"of {', '.join(names)}; otherwise all")
    for name in parser.parse_args(arguments).names:
        if name not in names:
            parser.error(f"there is no notebook {name!r}; there are {', '.join(names)}")
        try:
            store(HERE / f"{name}.ipynb")
        except CellExecutionError as error:
            sys.stderr.write(f"{name} failed, and its file is as it was:\n{error}\n")
            return FAILED
        print(f"{name} is executed.")
    return 0


if __name__ == "__main__":
    sys.exit(finished(main, "notebooks"))

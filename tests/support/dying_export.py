"""`python -m support.dying_export DATABASE FOLDER N`: an export in small batches that is killed at its N-th rename."""

import os
import signal
import sys
from pathlib import Path

from trainer.data import export

if __name__ == "__main__":
    left = int(sys.argv[3])
    replace = Path.replace

    def dying(self: Path, target: Path) -> Path:
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return replace(self, target)

    Path.replace = dying  # type: ignore[assignment,method-assign]
    export.BATCH, export._AT_ONCE = 100, 3
    export.export(Path(sys.argv[1]), Path(sys.argv[2]), 4)

"""`python -m support.waiting_tasks FOLDER`: two tasks in processes that will not end by themselves."""

import sys
from pathlib import Path

from support import jobs
from trainer.tasks import Job
from trainer.tasks.local import LocalTasks

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    wanted = [Job(f"job {number}", (number,)) for number in range(2)]
    for _ in LocalTasks(2).map(jobs.endless, folder, wanted):
        pass

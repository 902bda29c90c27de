"""Which tasks the settings ask for."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from trainer.settings import Settings
from trainer.tasks import InTurn, Tasks


def parallel(settings: Settings) -> bool:
    """Whether fits are to be done beside each other."""
    return bool(settings.ray_address) or settings.fit_processes > 1


@contextmanager
def tasks_of(settings: Settings) -> Iterator[Tasks]:
    """Ray's where an address is set, else as many processes as are set, with one none; raises NoCluster."""
    tasks: Tasks
    if settings.ray_address:
        from trainer.tasks.on_ray import RayTasks

        tasks = RayTasks(settings.ray_address)
    elif settings.fit_processes > 1:
        from trainer.tasks.local import LocalTasks

        tasks = LocalTasks(settings.fit_processes)
    else:
        tasks = InTurn()
    with closing(tasks):
        yield tasks

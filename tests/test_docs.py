"""What the documents say is what the code does."""

import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import fields

from game.codes import MEANING
from game.settings import KNOWN, variable_of
from game.wire import MAX_IMAGE
from inference.settings import Settings as Inference
from server.settings import Settings as Server
from trainer.settings import Settings as Trainer

ROOT = Path(__file__).parent.parent
PROCESSES: Mapping[str, type[Struct]] = {"server": Server, "sidecar": Inference, "trainer": Trainer}
THEIRS = {"OTEL_EXPORTER_OTLP_HEADERS": ("none", set(PROCESSES))}
"""Variables that OpenTelemetry's SDK reads for itself, so that no settings type has them."""
OF_TESTS = {"RPS_TEST_POSTGRES_URL", "RPS_TEST_NATS_URL"}
PAGES = sorted(
    path.relative_to(ROOT) for pattern in ("*.md", "docs/*.md", "[a-z]*/README.md") for path in ROOT.glob(pattern)
)
SETTING = re.compile(r"^\| `([A-Z_]+)` \| (?:`([^`]+)`|(none)) \| ([a-z, ]+) \| (.+) \|$", re.M)


def told() -> dict[str, tuple[str, set[str]]]:
    """Of each variable in README's table its default and the processes that read it."""
    section = (ROOT / "README.md").read_text().partition("\n## Settings\n")[2].partition("\n## ")[0]
    return {
        name: (default or nothing, set(PROCESSES) if by == "all" else set(by.split(", ")))
        for name, default, nothing, by, _ in SETTING.findall(section)
    }


def read() -> dict[str, tuple[str, set[str]]]:
    """The same of the settings types; an empty address is shown as the place that it comes to."""
    server, sidecar, trainer = Server(), Inference(), Trainer()
    mlflow = trainer.tracking_uri.replace(str(Path.cwd()) + "/", "")
    places = {
        "RPS_DATABASE_URL": {f"sqlite:///{one.database}" for one in (server, trainer)},
        "RPS_INFERENCE_SOCKET": {str(one.socket) for one in (server, sidecar)},
        "RPS_STORE_URL": {str(one.store) for one in (sidecar, trainer)},
        "MLFLOW_TRACKING_URI": {mlflow},
    }
    defaults: dict[str, set[str]] = {}
    readers: dict[str, set[str]] = {}
    for process, kind in PROCESSES.items():
        for field in fields(kind):
            name = variable_of(field.name)
            defaults.setdefault(name, set()).add(shown(field.default))
            readers.setdefault(name, set()).add(process)
    found = {}
    for name, by in readers.items():
        (default,) = defaults[name]  # processes that share a variable agree
        if name in places:
            assert default == "none"
            (default,) = places[name]
        found[name] = default, by
    return found


def shown(default: object) -> str:
    """A default as a person types it."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, Enum):
        return str(default.value)
    return f"{default:.10g}" if isinstance(default, int | float) else str(default) or "none"


def test_every_refusal_code_is_documented_with_its_meaning() -> None:
    told = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", (ROOT / "docs/protocol.md").read_text(), re.M))
    assert told == {str(code): meaning for code, meaning in MEANING.items()}


def test_the_frame_bound_is_documented() -> None:
    assert f"{(MAX_IMAGE + 64 * 1024) // 1024} KiB" in (ROOT / "docs/protocol.md").read_text()


def test_every_setting_is_documented_with_its_default_and_who_reads_it() -> None:
    assert told() == {**read(), **THEIRS}


def test_every_variable_that_is_known_is_read_by_somebody() -> None:
    assert {name for name in read() if name.startswith("RPS_")} == KNOWN


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_page_names_a_variable_that_nobody_reads(page: Path) -> None:
    named = set(re.findall(r"\bRPS_[A-Z_]+\b", (ROOT / page).read_text()))
    assert named - KNOWN - OF_TESTS == set()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert ((ROOT / page).parent / target).exists(), target

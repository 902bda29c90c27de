"""What the manifests start runs with the settings they give, answers their probes, and stops in the time they allow."""

from pathlib import Path

from support.client import connected
from support.manifests import needs_kubectl, objects
from support.podlike import Podlike

from k8s.variants import SMALL

pytestmark = needs_kubectl
PROBES = [
    ("inference", ["startupProbe", "livenessProbe", "readinessProbe"]),
    ("server", ["startupProbe", "livenessProbe", "readinessProbe"]),
    ("trainer", ["readinessProbe"]),
]


async def test_a_small_nodes_processes_pass_their_probes_only_while_they_run(tmp_path: Path) -> None:
    with Podlike(objects(SMALL), tmp_path) as pods:
        assert pods.found.keys() == {name for name, _ in PROBES}
        for name, probes in PROBES:  # in the order in which Kubernetes starts them
            assert not any(pods.passes(name, probe) for probe in probes)
            pods.start(name)
            for probe in probes:
                pods.until_passes(name, probe)
        async with connected(pods.address(8000)) as player:
            await player.hello()
            over = await player.play_out(await player.start("logan"))
        assert over["type"] == "over"
        assert (tmp_path / "claim-data" / "rps.db").exists()
        for name, probes in reversed(PROBES):
            grace = pods.found[name][0].spec["terminationGracePeriodSeconds"]
            assert pods.stop(name, grace) == 0
            assert not any(pods.passes(name, probe) for probe in probes)


def test_a_server_without_its_sidecar_lives_and_is_not_ready(tmp_path: Path) -> None:
    with Podlike(objects(SMALL), tmp_path) as pods:
        pods.start("server")
        pods.until_passes("server", "livenessProbe")
        assert not pods.passes("server", "readinessProbe")

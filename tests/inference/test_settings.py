from pathlib import Path

import pytest

from game.settings import KNOWN, PREFIX, SettingsError, load, variable_of
from inference.settings import Settings


def test_without_variables_everything_lies_below_var() -> None:
    settings = load(Settings, {})
    assert (settings.socket, settings.store) == (Path("var/inference.sock"), Path("var/store"))
    assert (settings.inference_host, settings.inference_port) == ("127.0.0.1", 8001)


def test_places_can_be_given() -> None:
    given = {"RPS_DATA_DIR": "/d", "RPS_INFERENCE_SOCKET": "/run/s", "RPS_STORE_URL": "file:///bundles"}
    settings = load(Settings, given)
    assert (settings.socket, settings.store) == (Path("/run/s"), Path("/bundles"))
    assert load(Settings, {"RPS_DATA_DIR": "/d"}).store == Path("/d/store")


def test_the_store_can_be_a_bucket_and_what_is_wrong_with_it_is_told_without_its_secret() -> None:
    settings = load(Settings, {"RPS_STORE_URL": "s3://me:hidden@minio:9000/bundles/rps?secure=0"})
    assert str(settings.store) == "s3://minio:9000/bundles/rps"
    with pytest.raises(SettingsError, match="no good bucket") as caught:
        load(Settings, {"RPS_STORE_URL": "s3://me:hidden@minio:9000"})
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"RPS_INFERENCE_PORT": "tcp://10.0.0.1:80"},
        {"RPS_INFERENCE_PORT": "70000"},
        {"RPS_LOG_LEVEL": "loud"},
        {"RPS_DATA_DIR": ""},
        {"RPS_STORE_URL": "s3://bundles"},
        {"RPS_BUNDLE_KEY": "short"},
        {"RPS_INFERENCE_SOKET": "x"},
    ],
)
def test_what_cannot_be_used_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        load(Settings, given)


def test_every_setting_is_a_known_variable() -> None:
    variables = {variable_of(name) for name in Settings.__struct_fields__}
    assert {name for name in variables if name.startswith(PREFIX)} <= KNOWN

"""The one knob of difficulty, from the setting to what is sealed."""

import pytest
from support.client import connected
from support.house import Opening

from game.records import Opened, Sealed
from game.settings import SettingsError, load
from server.settings import Settings


@pytest.mark.parametrize("cap", [0.0, 0.4, 1.0])
async def test_the_bot_leans_no_further_than_is_set(open_house: Opening, cap: float) -> None:
    house = await open_house(lean=cap)
    async with connected(house.url) as client:
        await client.hello()
        match = await client.start()
        await client.play_out(match)
        records = await house.parts.log.records(match["match"])
    assert isinstance(records[0], Opened) and records[0].lean == cap
    leans = [record.lean for record in records if isinstance(record, Sealed)]
    assert max(leans) == cap  # the player throws as the models expect


def test_the_knob_is_a_share() -> None:
    assert load(Settings, {}).lean == 1.0
    assert load(Settings, {"RPS_LEAN": "0.5"}).lean == 0.5
    with pytest.raises(SettingsError, match="RPS_LEAN"):
        load(Settings, {"RPS_LEAN": "1.5"})

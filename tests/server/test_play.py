"""Playing over a real socket: what a player is told, and that it stays true whatever happens to the connection."""

import asyncio

import httpx
import pytest
from msgspec import json
from support.client import connected
from support.house import House, Opening, running

from game.assignment import Alias, Arm
from game.fairness import commitment, sha256_hex
from game.opponents import Opponent
from game.records import Opened, PlayerKind, Sealed
from game.transcript import Transcript, verify
from server.settings import Settings


async def test_a_whole_match(house: House) -> None:
    async with connected(house.url) as client:
        welcome = await client.hello(name="Ada")
        assert [card["id"] for card in welcome["opponents"]] == ["brian", "forrest", "logan", "maxine"]
        assert (welcome["name"], welcome["protocol"], "match" in welcome) == ("Ada", "rps.v1", False)
        over = await client.play_out(await client.start())
        assert over["winner"] in {"player", "bot", "tie"}
        numbered = [message["seq"] for message in client.heard if "seq" in message]
        assert numbered == list(range(1, over["seq"] + 1))
        matched = next(message for message in client.heard if message["type"] == "matched")
        assert sha256_hex(over["seed"]) == matched["seed_hash"]
        rounds = {m["round"]: m for m in client.heard if m["type"] == "round"}
        results = [m for m in client.heard if m["type"] == "result"]
        assert all(commitment(result["reveal"]) == rounds[result["round"]]["commitment"] for result in results)


async def test_a_family_that_a_bundle_brought_is_shown_last_and_can_be_played(house: House) -> None:
    async with connected(house.url) as client:
        await client.hello()
        refused = await client.ask("start", opponent="bayley")
        assert (refused["type"], refused["code"]) == ("refused", "unknown-opponent")
    house.oracle.opponents = {"bayley": Opponent("Bayley", "Adds up hints."), "brian": Opponent("Impostor", "")}
    async with connected(house.url) as client:
        cards = (await client.hello())["opponents"]
        assert [card["id"] for card in cards] == ["brian", "forrest", "logan", "maxine", "bayley"]
        assert cards[-1] == {
            "id": "bayley", "name": "Bayley", "family": "bayley", "about": "Adds up hints.",
            "record": {"wins": 0, "losses": 0, "ties": 0},
        }  # fmt: skip
        assert cards[0]["name"] == "Brian"
        over = await client.play_out(await client.start("bayley"))
    assert over["served_by"]["family"] == "bayley" and over["served_by"]["version"].startswith("bayley-")


async def test_the_opponents_card_counts_finished_matches(house: House) -> None:
    async with connected(house.url) as client:
        token = (await client.hello())["token"]
        over = await client.play_out(await client.start("logan"))
    async with connected(house.url) as client:
        cards = {card["id"]: card["record"] for card in (await client.hello(token=token))["opponents"]}
    kind = {"player": "wins", "bot": "losses", "tie": "ties"}[over["winner"]]
    assert cards["logan"][kind] == 1
    assert sum(cards["brian"].values()) == 0


async def test_a_move_again_is_answered_the_same(house: House) -> None:
    async with connected(house.url) as client:
        await client.hello()
        round = await client.start()
        first = await client.throw(round, "paper")
        assert await client.throw(round, "paper") == first


async def test_a_lost_socket_resumes_with_the_same_commitment(house: House) -> None:
    async with connected(house.url) as client:
        token = (await client.hello())["token"]
        round = await client.start()
        await client.throw(round)
        open_round = await client.until("round")
        seen = len(client.heard)
    async with connected(house.url) as client:
        welcome = await client.hello(token=token)
        assert welcome["match"] == round["match"]
        await client.say("sync", match=round["match"], seen=0)
        replayed = [await client.hear() for _ in range(seen - 1)]
        assert replayed[-1] == open_round
        assert [message["seq"] for message in replayed] == list(range(1, len(replayed) + 1))
        await client.say("sync", match=round["match"], seen=open_round["seq"] - 1)
        assert await client.hear() == open_round


async def test_a_restarted_server_goes_on_with_the_same_commitment(house_settings: Settings) -> None:
    async with running(house_settings) as first, connected(first.url) as client:
        token = (await client.hello())["token"]
        round = await client.start()
        await client.throw(round)
        open_round = await client.until("round")
    async with running(house_settings) as second, connected(second.url) as client:
        welcome = await client.hello(token=token)
        await client.say("sync", match=welcome["match"], seen=open_round["seq"] - 1)
        assert await client.hear() == open_round
        over = await client.play_out(open_round)
        assert over["rounds"] > 2


async def test_two_tabs_see_the_same_match(house: House) -> None:
    async with connected(house.url) as one:
        token = (await one.hello())["token"]
        async with connected(house.url) as other:
            await other.hello(token=token)
            round = await one.start()
            assert await other.until("round") == round
            result = await other.throw(round)
            assert await one.until("result") == result


async def test_a_start_again_under_the_same_reference_is_the_same_match(house: House) -> None:
    async with connected(house.url) as client:
        await client.hello()
        round = await client.start(client_ref="r1")
        await client.say("start", opponent="brian", client_ref="r1")
        again = await client.until("matched")
        assert (again["match"], again["client_ref"]) == (round["match"], "r1")
        assert (await client.until("round")) == round
        await client.say("leave", match=round["match"])
        await client.until("over")
        await client.say("start", opponent="brian", client_ref="r1")
        assert (await client.until("over"))["match"] == round["match"]


async def test_a_match_goes_on_when_its_opponent_is_not_served_any_more(house: House) -> None:
    house.oracle.opponents = {"bayley": Opponent("Bayley", "Adds up hints.")}
    async with connected(house.url) as client:
        await client.hello()
        round = await client.start("bayley", client_ref="r1")
        house.oracle.opponents = {}
        await client.say("start", opponent="bayley", client_ref="r1")
        assert (await client.until("matched", "refused"))["match"] == round["match"]
        assert (await client.throw(await client.until("round")))["round"] == 1
        await client.say("leave", match=round["match"])
        await client.until("over")
        assert (await client.ask("start", opponent="bayley", client_ref="r2"))["code"] == "unknown-opponent"


async def test_a_player_has_one_live_match(house: House) -> None:
    async with connected(house.url) as client:
        await client.hello()
        round = await client.start()
        refused = await client.ask("start", opponent="logan")
        assert (refused["code"], refused["match"]) == ("already-playing", round["match"])


async def test_leaving_ends_the_match_for_the_bot(house: House) -> None:
    async with connected(house.url) as client:
        await client.hello()
        round = await client.start()
        over = await client.ask("leave", match=round["match"])
        assert (over["winner"], over["reason"]) == ("bot", "left")
        assert (await client.ask("leave", match=round["match"])) == over
        assert (await client.start())["match"] != round["match"]


async def test_tokens_rotate_and_a_lost_welcome_locks_nobody_out(house: House) -> None:
    async def enter(token: str) -> tuple[str, str]:
        async with connected(house.url) as client:
            welcome = await client.hello(token=token)
            return welcome["player"], welcome["token"]

    async with connected(house.url) as client:
        welcome = await client.hello()
    player, first = welcome["player"], welcome["token"]
    _, lost = await enter(first)
    again, second = await enter(first)
    assert again == player
    assert len({first, lost, second}) == 3
    _, third = await enter(second)
    async with connected(house.url) as client:
        for revoked in (first, lost):
            refused = await client.ask("hello", token=revoked)
            assert refused["code"] == "bad-token"
        assert (await client.hello(token=third))["player"] == player


async def test_knowledge_of_a_player_outlives_the_match(house: House) -> None:
    async with connected(house.url) as client:
        player = (await client.hello())["player"]
        over = await client.play_out(await client.start())
        second = await client.start()
        records = await house.parts.log.records(second["match"])
    assert records[0].known.rounds == over["rounds"]
    assert records[0].known.moves == (over["rounds"], 0, 0)
    known = await house.parts.log.player(player)
    assert known.known == records[0].known


async def test_without_models_the_equilibrium_plays_and_is_counted(house: House) -> None:
    house.oracle.fault = "down"
    async with connected(house.url) as client:
        await client.hello()
        over = await client.play_out(await client.start())
    sources = [message["thought"]["source"] for message in client.heard if message["type"] == "result"]
    assert sources == ["gambit"] * 3 + ["fallback"] * (over["rounds"] - 3)
    assert house.parts.meters.counts.fallbacks == over["rounds"] - 3
    assert house.parts.meters.counts.unanswered == {"down": over["rounds"]}
    assert over["served_by"]["version"] == "equilibrium"


async def test_the_alias_is_told_only_at_the_end(house: House) -> None:
    async with connected(house.url) as client:
        await client.hello()
        round = await client.start()
        over = await client.play_out(round)
    assert over["served_by"]["alias"] in {"Production", "B"}
    assert not any("alias" in message for message in client.heard)


async def test_a_control_match_is_played_by_the_equilibrium_while_the_models_are_asked(open_house: Opening) -> None:
    house = await open_house(control_share=1.0)
    async with connected(house.url) as client:
        await client.hello()
        over = await client.play_out(await client.start("logan"))
        await client.settled()
    assert over["served_by"] == {"family": "logan", "alias": "control", "version": "equilibrium"}
    results = [message for message in client.heard if message["type"] == "result"]
    assert [result["thought"]["source"] for result in results] == ["gambit"] * 3 + ["model"] * (over["rounds"] - 3)
    assert {json.decode(result["reveal"])["version"] for result in results} == {"equilibrium"}
    assert not any("control" in str(message) for message in client.heard if message is not over)
    opened, *others = await house.parts.log.records(over["match"])
    assert isinstance(opened, Opened)
    assert opened.alias is Arm.CONTROL
    sealed = [record for record in others if isinstance(record, Sealed)]
    assert [set(record.predictions) for record in sealed] == [set(Alias)] * over["rounds"]
    async with httpx.AsyncClient(base_url=house.url) as http:
        told = json.decode((await http.get(f"/api/matches/{over['match']}")).content, type=Transcript)
        (row,) = (await http.get("/api/stats")).json()["served"]
    assert verify(told) == []
    assert (row["alias"], row["version"], row["matches"]) == ("control", "equilibrium", 1)


async def test_a_silent_model_is_no_fallback_in_a_control_match(open_house: Opening) -> None:
    house = await open_house(control_share=1.0)
    house.oracle.fault = "late"
    async with connected(house.url) as client:
        await client.hello()
        over = await client.play_out(await client.start())
    assert house.parts.meters.counts.unanswered == {"late": over["rounds"]}
    assert house.parts.meters.counts.fallbacks == 0


@pytest.mark.parametrize(
    ("said", "kind"), [("bot", "bot"), ("test", "test"), ("human", "human"), ("robot", "human"), (None, "human")]
)
async def test_programs_and_tests_say_what_they_are(house: House, said: str | None, kind: str) -> None:
    headers = {} if said is None else {"RPS-Player-Kind": said}
    async with connected(house.url, additional_headers=headers) as client:
        await client.hello()
        round = await client.start()
    opened, *_ = await house.parts.log.records(round["match"])
    assert isinstance(opened, Opened)
    assert opened.player_kind is PlayerKind(kind)


async def test_many_players_at_once(house: House) -> None:
    async def match(seed: int) -> tuple[str, dict]:
        async with connected(house.url) as client:
            await client.hello()
            round = await client.start(("brian", "forrest", "logan")[seed % 3])
            over = await client.play_out(round, lambda r: ("rock", "paper", "scissors")[(r["round"] + seed) % 3])
            return round["match"], over

    played = await asyncio.gather(*(match(seed) for seed in range(20)))
    assert len({id for id, _ in played}) == 20


async def test_somebody_who_does_not_read_hinders_nobody(house: House) -> None:
    """One tab stops reading in the middle of a flood of answers; the other goes on."""
    async with connected(house.url) as one:
        token = (await one.hello())["token"]
        async with connected(house.url, max_queue=1, close_timeout=0.1) as deaf:
            await deaf.hello(token=token)
            for _ in range(20):
                over = await one.play_out(await one.start())
            assert over["type"] == "over"


@pytest.mark.parametrize("reason", ["late", "error"])
async def test_play_recovers_by_itself(house: House, reason: str) -> None:
    async with connected(house.url) as client:
        await client.hello()
        house.oracle.fault = reason
        round = await client.start()
        for _ in range(4):
            await client.throw(round, "rock")
            round = await client.until("round", "over")
        house.oracle.fault = None
        await client.throw(round, "rock")
        round = await client.until("round", "over")
        result = await client.throw(round)
        assert result["thought"]["source"] == "model"


def test_a_transcript_has_no_place_for_who_played() -> None:
    assert "player" not in Transcript.__struct_fields__

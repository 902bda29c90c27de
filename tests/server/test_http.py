"""HTTP beside the socket, and stopping in order."""

import asyncio

import httpx
import pytest
from msgspec import json
from support.client import connected
from support.house import House, Opening
from websockets.exceptions import ConnectionClosed

from game.transcript import Transcript, verify
from server.__main__ import main
from server.pages import HEADERS


@pytest.fixture
async def http(house: House):
    async with httpx.AsyncClient(base_url=house.url) as client:
        yield client


async def test_health(house: House, http: httpx.AsyncClient) -> None:
    assert (await http.get("/livez")).status_code == 200
    assert (await http.get("/readyz")).json() == {"status": "ready"}
    house.oracle.fault = "down"
    unready = await http.get("/readyz")
    assert unready.status_code == 503
    assert "sidecar" in unready.json()["inference"]


async def test_the_transcript_of_a_finished_match_verifies(house: House, http: httpx.AsyncClient, tmp_path) -> None:
    async with connected(house.url) as client:
        await client.hello(name="Secret Name")
        round = await client.start()
        assert (await http.get(f"/api/matches/{round['match']}")).json()["code"] == "match-live"
        await client.play_out(round)
    answer = await http.get(f"/api/matches/{round['match']}")
    assert verify(json.decode(answer.content, type=Transcript)) == []
    assert "Secret Name" not in answer.text
    file = tmp_path / "transcript.json"
    file.write_bytes(answer.content)
    assert main(["verify", str(file)]) == 0


async def test_an_unknown_match_is_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/matches/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-match")


async def test_leaderboard_and_stats_count_what_was_played(house: House, http: httpx.AsyncClient) -> None:
    async with connected(house.url) as client:
        await client.hello(name="Ada")
        over = await client.play_out(await client.start("forrest"))
    for kind in ("bot", "test"):
        async with connected(house.url, additional_headers={"RPS-Player-Kind": kind}) as program:
            await program.hello(name=kind)
            await program.play_out(await program.start("forrest"))
    players = (await http.get("/api/leaderboard")).json()["players"]
    assert [player["name"] for player in players] == ["Ada"]
    assert players[0]["points"] == over["scores"]["player"]
    stats = (await http.get("/api/stats")).json()
    assert stats["totals"]["matches"] == 3
    assert stats["totals"]["rounds"] == stats["since_start"]["rounds"]
    assert {(row["opponent"], row["version"].split("-")[0]) for row in stats["served"]} == {("forrest", "forrest")}


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/api/stats", "/nowhere"])
async def test_every_response_carries_the_safe_headers(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    "path",
    ["/static/tests/state.test.js", "/static/package.json", "/static/../pyproject.toml", "/static/%2e%2e/Makefile"],
)
async def test_only_the_clients_own_files_are_served(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(f"/static/{path}")).status_code == 404


async def test_half_a_request_is_not_waited_for_for_ever(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.http.REQUEST_S", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(house.url.rpartition(":")[2]))
    writer.write(b"GET /livez HTTP/1.1\r\nHost: a\r\n")
    assert await reader.read() == b""
    writer.close()


async def test_an_idle_socket_is_left_open(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.http.REQUEST_S", 0.05)
    async with connected(house.url) as client:
        await client.hello()
        await asyncio.sleep(0.15)
        assert (await client.ask("ping", t=1))["type"] == "pong"


async def test_a_socket_that_never_says_hello_is_closed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.session.HELLO_S", 0.05)
    async with connected(house.url) as client:
        with pytest.raises(ConnectionClosed) as closed:
            await client.hear()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 4008


async def test_a_stopping_server_says_so_and_finishes_what_is_under_way(open_house: Opening) -> None:
    house = await open_house()
    async with connected(house.url) as client:
        await client.hello()
        await client.start()
        house.server.should_exit = True
        draining = await client.until("draining")
        assert draining["retry_after_ms"] > 0
        with pytest.raises(Exception, match=r"1012|1001"):
            while True:
                await client.hear()


async def test_a_draining_server_takes_no_new_match(house: House) -> None:
    async with connected(house.url) as client, connected(house.url) as late:
        await client.hello()
        round = await client.start()
        house.parts.table.draining = True
        assert (await late.ask("hello"))["code"] == "draining"
        assert (await client.throw(round))["round"] == 1
        await client.until("round")
        await client.ask("leave", match=round["match"])
        assert (await client.ask("start", opponent="brian"))["code"] == "draining"

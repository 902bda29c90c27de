"""How models came and went, as everybody can read it: `/api/promotions` and `/api/stats`."""

import sqlite3
from contextlib import closing
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from support.house import House
from support.play import opening, play_out, records

from game.assignment import Arm
from game.records import Closed, Record, Winner

BODY = '{"family":  "logan", "n": 1e400}'


@pytest.fixture
async def http(house: House):
    async with httpx.AsyncClient(base_url=house.url) as client:
        yield client


def write(house: House, sql: str, *parameters: Any) -> None:
    """Write as the trainer does, from outside the server."""
    with closing(sqlite3.connect(house.parts.settings.database)) as connection, connection:
        connection.execute(sql, parameters)


def enter(house: House, *bodies: str | bytes) -> None:
    for number, body in enumerate(bodies, start=1):
        text = "CAST(? AS TEXT)"  # which lets bytes that are no UTF-8 in, as a damaged file would hold
        write(house, f"INSERT INTO ledger VALUES (?, ?, {text})", number, f"hash-{number}", body)


def notice(house: House, name: str, body: str, at: int = 5) -> None:
    write(house, "INSERT OR REPLACE INTO notices VALUES (?, ?, ?)", name, body, at)


async def test_without_a_trainer_there_is_nothing_to_tell(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/promotions")).json() == {"entries": [], "last": 0, "comparisons": None}
    assert (await http.get("/api/stats")).json()["trainer"] is None


async def test_an_entry_is_told_as_it_stands_in_the_ledger(house: House, http: httpx.AsyncClient) -> None:
    enter(house, BODY)
    answer = await http.get("/api/promotions")
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == f'{{"entries":[{{"number":1,"hash":"hash-1","entry":{BODY}}}],"last":1,"comparisons":null}}'


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", range(21, 121)),
        ("?limit=3", range(118, 121)),
        ("?limit=500", range(1, 121)),
        ("?after=0", range(1, 101)),
        ("?after=100", range(101, 121)),
        ("?after=5&limit=2", range(6, 8)),
        ("?after=120", range(0)),
        ("?after=9007199254740991", range(0)),
    ],
)
async def test_the_ledger_is_read_in_pages(house: House, http: httpx.AsyncClient, query: str, numbers: range) -> None:
    enter(house, *["{}"] * 120)
    told = (await http.get(f"/api/promotions{query}")).json()
    assert [entry["number"] for entry in told["entries"]] == list(numbers)
    assert told["last"] == 120


@pytest.mark.parametrize(
    "after", ["-1", "x", "", "1.5", "9007199254740992", "99999999999999999999", "\u0663", "1_0", " 1"]
)
async def test_a_bad_after_is_refused_with_its_reason(http: httpx.AsyncClient, after: str) -> None:
    answer = await http.get("/api/promotions", params={"after": after})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad-query"
    assert answer.json()["message"].startswith("`after` must be a whole number from 0 to 9007199254740991, not ")


@pytest.mark.parametrize("limit", ["0", "501", "-3", "ten", "+5", "1" * 5000])
async def test_a_bad_limit_is_refused_with_its_reason(http: httpx.AsyncClient, limit: str) -> None:
    answer = await http.get("/api/promotions", params={"limit": limit})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad-query"
    assert answer.json()["message"].startswith("`limit` must be a whole number from 1 to 500, not ")
    assert len(answer.text) < 200


@pytest.mark.parametrize("body", ["{", "", "NaN", "[1] x", '"\x01"', "[" * 100_000], ids=lambda body: body[:5])
async def test_what_is_not_json_is_told_as_a_text(house: House, http: httpx.AsyncClient, body: str) -> None:
    enter(house, "{}", body)
    notice(house, "comparisons", body)
    notice(house, "progress", body)
    told = (await http.get("/api/promotions")).json()
    assert [entry["entry"] for entry in told["entries"]] == [{}, body]
    assert told["comparisons"] == body
    assert (await http.get("/api/stats")).json()["trainer"] == {"progress": body, "at": 5}


async def test_bytes_that_are_no_text_are_told_as_far_as_they_are(house: House, http: httpx.AsyncClient) -> None:
    enter(house, b'"\xff"', b"\xff{")
    told = (await http.get("/api/promotions")).json()
    assert [entry["entry"] for entry in told["entries"]] == ["\N{REPLACEMENT CHARACTER}", "\N{REPLACEMENT CHARACTER}{"]


async def test_the_comparisons_are_the_latest_ones(house: House, http: httpx.AsyncClient) -> None:
    for matches in (1, 2):
        notice(house, "comparisons", f'{{"matches":{matches}}}')
    assert (await http.get("/api/promotions")).json()["comparisons"] == {"matches": 2}


async def test_the_trainer_is_told_with_the_time_at_which_it_spoke(house: House, http: httpx.AsyncClient) -> None:
    notice(house, "progress", '{"phase":"fit","share":0.5}', at=1_700_000_000_000)
    trainer = (await http.get("/api/stats")).json()["trainer"]
    assert trainer == {"progress": {"phase": "fit", "share": 0.5}, "at": 1_700_000_000_000}


def ended(number: int, arm: Arm, version: str, winner: Winner) -> list[Record]:
    """The first and the last record of a match; the projections look at no other."""
    last = records(play_out()[1])[-1]
    assert isinstance(last, Closed)
    opened = replace(opening(arm=arm), match=f"m{number}")
    return [opened, replace(last, match=opened.match, version=version, winner=winner)]


async def test_every_version_has_its_win_rate_and_controls_stand_beside(house: House, http: httpx.AsyncClient) -> None:
    results = [
        *[(Arm.B, "v1", Winner.BOT)] * 5,
        *[(Arm.B, "v1", Winner.TIE)] * 2,
        *[(Arm.B, "v1", Winner.PLAYER)] * 3,
        (Arm.CONTROL, "equilibrium", Winner.BOT),
        (Arm.PRODUCTION, "v1", Winner.PLAYER),
    ]
    claim = await house.parts.log.claim("p1")
    for number, result in enumerate(results):
        for record in ended(number, *result):
            await house.parts.log.append([record], claim)
    rows = (await http.get("/api/stats")).json()["served"]
    told = {(row["alias"], row["version"]): row for row in rows}
    assert set(told) == {("B", "v1"), ("control", "equilibrium"), ("Production", "v1")}
    assert told["B", "v1"] == {
        "opponent": "brian", "version": "v1", "alias": "B", "matches": 10, "wins": 5, "ties": 2,
        "win_rate": 0.6, "interval": pytest.approx([0.312674, 0.831824], abs=1e-5),
    }  # fmt: skip
    assert told["control", "equilibrium"]["win_rate"] == 1
    assert told["Production", "v1"]["interval"][0] == 0

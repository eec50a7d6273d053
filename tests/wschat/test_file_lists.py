"""LSFILES: what can be had now, told by the server and understood by the client (wschat 3.9)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chat_tui_core.actions import Kind
from chat_tui_core.actions import State as ActionState
from chat_tui_core.contract import Link, News
from chat_tui_core.file_news import FileOffered, OffersListed, RecipientMoved
from chat_tui_core.model import FileInfo
from chat_tui_core.transfers import State
from chat_tui_wschat.protocol_file_list import MOST
from tests.wschat.file_people import FAST, ROOM, people
from tests.wschat.file_stage import CHUNK, GENEROUS, accept, content, offered, stage_with, stored, taken
from tests.wschat.protocol_driver import HELLO, SID, Driver, frame

BODY = content(3 * CHUNK)

# ---------------------------------------------------------------- the server


def test_the_list_has_what_others_offer_and_who_gets_our_own() -> None:  # D7, D10, D13
    stage, (ann, bob, cid) = stage_with("ann", "bob", "cid")
    one, two = stored(ann, BODY, 101, name="one"), offered(ann, BODY, 102, name="two")
    gone = stored(ann, BODY, 103, name="gone")
    ann.ok(f"FILE CANCEL {gone['fid']}")
    dan = stage.sign_in("dan", "file")
    assert [each["name"] for each in bob.ok("LSFILES")["files"]] == ["two", "one"]
    assert bob.ok("LSFILES")["files"][1] == {
        **{key: one[key] for key in ("pos", "id", "fid", "ts")},
        "channel": "general",
        "from": "ann",
        "name": "one",
        "size": len(BODY),
        "chunk": CHUNK,
        "sha256": bob.ok("LSFILES")["files"][0]["sha256"],
    }
    assert bob.ok(f"LSFILES {two['fid']}")["files"][0]["name"] == "one"
    assert dan.ok("LSFILES")["files"] == [], "who is not in the channel cannot have them"
    assert ann.ok("LSFILES")["files"] == []
    xid = accept(bob, one["fid"])
    taken(bob, xid)
    bob.ok(f"FILE DONE {xid}")
    accept(cid, one["fid"])
    (mine,) = ann.ok("LSFILES")["files"]
    assert [(who["by"], who["state"]) for who in mine["recipients"]] == [("bob", "done"), ("cid", "open")]


def test_a_long_list_comes_in_pages() -> None:  # B20
    _, (ann, bob) = stage_with("ann", "bob", limits=replace(GENEROUS, max_frame=2_000))
    for number in range(20):
        stored(ann, b"x", 100 + number, name=f"{number}")
    found: list[str] = []
    page = bob.ok("LSFILES")
    while page.get("more"):
        found += [each["name"] for each in page["files"]]
        page = bob.ok(f"LSFILES {page['files'][-1]['fid']}")
    assert found + [each["name"] for each in page["files"]] == [str(number) for number in reversed(range(20))]


# ---------------------------------------------------------------- the client's core

Pages = Sequence[Mapping[str, Any] | str]


def entry(number: int, **more: object) -> dict[str, object]:
    """One file of the list."""
    place: dict[str, object] = {"channel": "general", "pos": number, "id": f"m1.{number}", "from": "bob", "ts": 5}
    file = {"fid": f"f{number}", "name": f"{number}.bin", "size": 7, "chunk": 16, "sha256": "d" * 64}
    return {**place, **file, **more}


def offer_of(number: int) -> FileOffered:
    return FileOffered(
        "general", f"m1.{number}", "bob", FileInfo(f"{number}.bin", 7, "", f"f{number}", digest="d" * 64)
    )


def listed(pages: Pages, *events: str) -> tuple[list[News], list[tuple[str | int, ...]]]:
    """A handshake: the news about files, and what was asked. A page that is a text is an error's code.

    The events come after the first page was asked for.
    """
    driver = Driver()
    driver.open({**HELLO, "caps": [*HELLO["caps"], "lsfiles"]})
    driver.confirm(driver.commands()[0], "ann", {"session": SID, "device": "laptop", "last_id": 0, "seq": 0})
    left = list(pages)
    asked: list[tuple[str | int, ...]] = []
    while commands := driver.commands():
        for command in commands:
            match command.verb:
                case "SUBEVENT":
                    driver.confirm(command, str(command.args[0]))
                case "LSFILES":
                    if not asked:
                        driver.feed(*events)
                    asked.append(command.args)
                    page = left.pop(0)
                    if isinstance(page, str):
                        driver.refuse(command, page)
                    else:
                        driver.confirm(command, "", page)
                case _:
                    driver.confirm(command, "", {"at": 0, "channels": []})
    assert driver.core.link is Link.ONLINE
    assert not left
    return [item for item in driver.news() if isinstance(item, FileOffered | OffersListed | RecipientMoved)], asked


def test_what_was_offered_meanwhile_is_told_in_its_order() -> None:  # D13
    news, asked = listed([{"files": [entry(9), entry(4)], "more": True}, {"files": [entry(2)]}])
    assert asked == [(), ("f4",)]
    assert news == [offer_of(2), offer_of(4), offer_of(9), OffersListed(frozenset({"f2", "f4", "f9"}))]


def test_what_comes_and_goes_while_the_list_is_on_its_way_counts() -> None:  # A8
    offer = frame(
        "@seq=1 EVENT file OFFER general", {key: value for key, value in entry(10).items() if key != "channel"}
    )
    news, _ = listed(
        [{"files": [entry(9), entry(4)]}],
        offer,
        frame("@seq=2 EVENT file CANCEL f4", {"fid": "f4", "by": "bob"}),
    )
    assert news == [offer_of(10), offer_of(9), OffersListed(frozenset({"f4", "f9", "f10"}))]


def test_who_gets_our_own_files_is_told() -> None:  # D10
    people = [{"xid": "x2", "by": "cid", "state": "done", "bytes": 7}, {"xid": "?"}, 7]
    news, _ = listed([{"files": [entry(3, **{"from": "ann", "recipients": people})]}])
    assert news == [RecipientMoved("f3", "x2", "cid", State.COMPLETE, 7), OffersListed(frozenset({"f3"}))]


@pytest.mark.parametrize(
    "page",
    [
        {"files": 7},
        {"files": ["f1", 7, None, {}]},
        {"files": [entry(1, fid="../f1"), entry(2, channel="#"), entry(3, name=""), entry(4, pos=-1)]},
        {},
    ],
    ids=repr,
)
def test_a_list_that_makes_no_sense_brings_nothing(page: Mapping[str, Any]) -> None:  # A5
    assert listed([page])[0] == [OffersListed(frozenset())]


@pytest.mark.parametrize("more", [{"files": [entry(1)], "more": True}, {"files": [], "more": True}])
def test_a_list_that_never_ends_is_not_asked_for_ever(more: Mapping[str, Any]) -> None:  # A5
    news, asked = listed([{"files": [entry(1)], "more": True}, more])
    assert len(asked) == 2
    assert news == [offer_of(1)], "it is not known to be whole: nothing is taken for over"


def test_a_very_long_list_is_cut() -> None:  # A23
    pages = [{"files": [entry(number + 1) for number in range(MOST)], "more": True}]
    news, _ = listed(pages)
    assert len(news) == MOST
    assert OffersListed not in {type(item) for item in news}


def test_a_server_that_refuses_the_list_is_done_without() -> None:  # A22
    assert listed(["NOPERM"])[0] == []


def test_a_server_without_the_list_is_not_asked() -> None:  # A13
    driver = Driver()
    driver.sign_in()
    assert "LSFILES" not in driver.verbs()


# ---------------------------------------------------------------- both together


@pytest.mark.live
async def test_offers_of_the_time_away_are_there_and_those_withdrawn_are_over(tmp_path: Path) -> None:  # D13
    async with people(tmp_path, "ann", "bob", limits=replace(FAST, resume_ttl=0.01)) as (_, _, (ann, bob)):
        first = await ann.offer(b"one", "one")
        await bob.offered("one")
        await bob.stop()
        await ann.reaches(first, State.COMPLETE)
        await ann.reaches(await ann.offer(b"two", "two"), State.COMPLETE)
        item = next(one for one in await ann.session.history(ROOM, 9) if one.file is not None)
        gone = await ann.session.perform(Kind.REDACT, ROOM, target=item.event_id, target_order=item.order)
        async with asyncio.timeout(20):
            await ann.session.settled(gone.id, ActionState.CONFIRMED)
        await bob.start()
        await bob.online()
        found = {one.name: (one.state, one.reason) for one in bob.session.files.all()}
        assert found == {"one": (State.CANCELLED, "It is no longer offered."), "two": (State.NEW, "")}

"""Listeners are told by kind, each on its own."""

from __future__ import annotations

import asyncio
import logging

import pytest

from chat_tui_core.session.publishing import Publisher
from chat_tui_core.session_changes import MembersMoved, Said, SessionChange, TypingMoved

MEMBERS, TYPING = MembersMoved("r"), TypingMoved("r")


async def test_listeners_hear_their_kinds_in_order() -> None:  # B22
    publisher, heard = Publisher(), list[SessionChange]()
    publisher.subscribe(MembersMoved, heard.append)
    end = publisher.subscribe((MembersMoved, TypingMoved), heard.append)
    publisher.publish(MEMBERS)
    publisher.publish(TYPING)
    publisher.publish(Said("x"))
    end()
    end()
    publisher.publish(TYPING)
    assert heard == [MEMBERS, MEMBERS, TYPING]


async def test_one_that_fails_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:  # B22
    publisher, heard = Publisher(), list[SessionChange]()

    def fail(_change: SessionChange) -> None:
        raise ValueError("broken")

    async def fail_later(change: SessionChange) -> None:
        fail(change)

    async def hear_later(change: SessionChange) -> None:
        heard.append(change)

    for listener in (fail, fail_later, hear_later):
        publisher.subscribe(object, listener)
    with caplog.at_level(logging.ERROR):
        publisher.publish(MEMBERS)
        publisher.publish(TYPING)
        await asyncio.sleep(0.01)
    assert heard == [MEMBERS, TYPING]
    assert len([record for record in caplog.records if "a listener failed" in record.message]) == 4


async def test_subscribing_while_being_told_hears_what_comes_later() -> None:  # B22
    publisher, heard = Publisher(), list[SessionChange]()

    def bring_another(_change: SessionChange) -> None:
        publisher.subscribe(object, heard.append)

    publisher.subscribe(MembersMoved, bring_another)
    publisher.publish(MEMBERS)
    assert heard == []
    publisher.publish(TYPING)
    assert heard == [TYPING]


async def test_leaving_while_being_told() -> None:  # B22
    publisher, heard = Publisher(), list[SessionChange]()
    publisher.subscribe(object, lambda _change: end())
    end = publisher.subscribe(object, heard.append)
    publisher.publish(MEMBERS)
    assert heard == []


async def test_closing_from_inside_ends_the_others() -> None:  # B22
    publisher, ended = Publisher(), asyncio.Event()

    async def for_ever(_change: SessionChange) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    async def close(_change: SessionChange) -> None:
        await asyncio.sleep(0)
        await publisher.close()

    publisher.subscribe(object, for_ever)
    publisher.subscribe(object, close)
    publisher.publish(MEMBERS)
    async with asyncio.timeout(5):
        await ended.wait()
    publisher.publish(TYPING)

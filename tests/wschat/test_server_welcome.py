"""A newcomer finds a room with people in it, and is brought there once."""

from __future__ import annotations

import pytest

from chat_tui_core.contract import ServerOptions
from chat_tui_core.errors import ConfigError
from chat_tui_wschat.server.maker import WschatServerMaker
from tests.wschat.rules_stage import Client, Stage, password_of


def stage_with_welcome() -> Stage:
    stage = Stage(registration=True)
    stage.rules.hall.welcome = "general"
    return stage


def first_time(stage: Stage, user: str, device: str = "laptop") -> Client:
    client = stage.connect()
    client.hear()
    reply = client.ask(f"@id=900000 AUTH PASS {device} {user} {password_of(user)}")
    assert reply.words[:2] == ("CONFIRM", "AUTH"), reply.raw
    return client


def channels(client: Client) -> list[str]:
    names: list[str] = client.ok("LSSUBS")["channels"]
    return names


def test_the_first_one_makes_the_room_and_the_next_one_joins_it() -> None:  # A18
    stage = stage_with_welcome()
    ann = first_time(stage, "ann")
    ann.ok("SUBEVENT user")
    assert channels(ann) == ["general"]
    newcomer = first_time(stage, "newcomer")
    assert channels(newcomer) == ["general"]
    assert [(event.words[2], event.data["username"]) for event in ann.events()] == [("JOIN", "newcomer")]


def test_who_left_is_not_brought_back() -> None:
    stage = stage_with_welcome()
    ann = first_time(stage, "ann")
    ann.ok("@id=1 PART general")
    assert channels(first_time(stage, "ann", "phone")) == []


def test_a_server_that_has_rooms_makes_none() -> None:
    stage = Stage(registration=True)
    stage.sign_in("bob").ok("@id=1 CREATE weather")
    stage.rules.hall.welcome = "general"
    assert channels(first_time(stage, "ann")) == []


def test_a_private_room_is_not_opened_to_newcomers() -> None:
    stage = Stage(registration=True)
    stage.sign_in("bob").ok('@id=1 CREATE general {"private":true}')
    stage.rules.hall.welcome = "general"
    assert channels(first_time(stage, "ann")) == []


async def test_a_name_that_is_none_is_refused_with_a_sentence() -> None:
    with pytest.raises(ConfigError, match="no channel name"):
        await WschatServerMaker().start(ServerOptions(welcome="No Name"))

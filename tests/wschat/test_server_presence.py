"""Presence and typing: replaced by each event, lapsing, never replayed. Rules only, no I/O."""

from __future__ import annotations

from tests.wschat.rules_stage import Client, Stage
from tests.wschat.wschat_peer import hear


def typists(stage: Stage) -> tuple[Client, Client]:
    ann, bob = stage.sign_in("ann", "typing"), stage.sign_in("bob", "typing", "presence")
    ann.ok("CREATE general")
    bob.ok("JOIN general")
    return ann, bob


def typing(client: Client) -> list[list[str]]:
    return [event.data["users"] for event in client.events() if event.words[1] == "typing"]


def test_typing_lists_replace_each_other_and_lapse() -> None:  # A19
    stage = Stage()
    ann, bob = typists(stage)
    assert ann.say("TYPING general ON") == ['EVENT typing SET general {"users":["ann"]}']
    bob.say("TYPING general ON")
    assert typing(ann) == [["ann", "bob"]]
    stage.wait(4)
    assert ann.say("TYPING general ON") == [], "told a moment ago"
    stage.wait(1)
    assert ann.say("TYPING general ON") == ['EVENT typing SET general {"users":["ann","bob"]}'], "before it lapses"
    assert typing(bob)[-1] == ["ann", "bob"]
    stage.wait(6)
    assert typing(ann) == [["ann"]]
    stage.wait(6)
    assert typing(ann) == [[]]


def test_typing_ends_with_off_with_a_message_and_with_leaving() -> None:  # A19
    stage = Stage()
    ann, bob = typists(stage)
    for ending in ("TYPING general OFF", "MSG general done", "PART general"):
        ann.say("TYPING general ON", ending, "JOIN general")
        assert typing(bob) == [["ann"], []]
    assert ann.say("TYPING general OFF") == []


def test_typing_ends_with_the_last_session() -> None:  # A19
    stage = Stage()
    ann, bob = typists(stage)
    phone = stage.sign_in("ann", device="phone")
    ann.say("TYPING general ON")
    ann.say("QUIT")
    assert typing(bob) == [["ann"]]
    phone.say("QUIT")
    assert typing(bob) == [[]]


def test_a_labelled_sign_is_confirmed_and_errors_are_said() -> None:
    stage = Stage()
    ann, _ = typists(stage)
    assert ann.ask("@id=4 TYPING general ON").head == "CONFIRM TYPING general ON"
    assert ann.ask("@id=5 PRESENCE IDLE").head == "CONFIRM PRESENCE IDLE"
    assert [ann.code(frame) for frame in ("TYPING nowhere ON", "TYPING general MAYBE", "PRESENCE GONE")] == [
        "NOTFOUND",
        "BADARGS",
        "BADARGS",
    ]
    assert stage.sign_in("cid").code("TYPING general ON") == "NOTJOINED"
    assert ann.code("PRESENCE IDLE " + "x" * 301) == "TOOLONG"


def test_a_thousand_typists_still_fit_a_frame() -> None:  # A19
    stage = Stage()
    ann, _ = typists(stage)
    channel = stage.rules.hall.channels["general"]
    channel.typing = {f"user-{number:027}": stage.now + 99 for number in range(1000)}
    assert [len(hear(frame).data["users"]) for frame in ann.say("TYPING general ON")] == [100]


def test_presence_follows_all_sessions_of_a_user() -> None:  # A19
    stage = Stage()
    _, bob = typists(stage)
    bob.hear()
    laptop, phone = stage.sign_in("cid"), stage.sign_in("cid", device="phone")
    laptop.say("PRESENCE IDLE lunch")
    phone.say("PRESENCE OFFLINE")
    laptop.lose()
    phone.say("QUIT")
    heard = bob.hear()
    for _ in range(13):
        stage.wait(25)
        heard += bob.say("PONG 0")
    said = [event.data for event in map(hear, heard) if event.words[:4] == ("EVENT", "presence", "SET", "cid")]
    assert said == [
        {"state": "online"},
        {"state": "online", "text": "lunch"},
        {"state": "idle", "text": "lunch"},
        {"state": "offline"},
    ]


def test_members_are_listed_with_their_presence() -> None:
    stage = Stage()
    ann, bob = typists(stage)
    bob.say("PRESENCE IDLE")
    users = ann.ok("LSUSERS general")["users"]
    assert users == [{"name": "ann", "state": "online", "role": "moderator"}, {"name": "bob", "state": "idle"}]
    assert ann.ok("LSUSERS general ann")["users"] == [{"name": "bob", "state": "idle"}]


def test_after_resume_the_current_signs_come_anew_and_old_ones_do_not() -> None:  # A19, A11
    stage = Stage()
    ann, bob = typists(stage)
    stage.wait(1)
    bob.say("PONG 0")
    bob.lose()
    stage.wait(1)
    ann.say("TYPING general ON", "TYPING general OFF", "PRESENCE IDLE", "TYPING general ON")
    stage.wait(1)
    again = stage.connect()
    again.hear()
    frames = again.say(f"RESUME {bob.sid} 0")
    assert frames[-2:] == [
        'EVENT typing SET general {"users":["ann"]}',
        'EVENT presence SET ann {"state":"idle"}',
    ]
    assert not any("typing" in frame for frame in frames[:-2])

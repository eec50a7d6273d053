"""Any frames from anybody in any order: no exception, and what clients heard agrees with what is stored."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat_tui_wschat.server.storage import ReadItems
from tests.wschat.rules_stage import Stage
from tests.wschat.wschat_peer import hear

CHANNELS = ("one", "two", "@ann+bob")
NAMES = ("ann", "bob", "cid", "dan")

channel = st.sampled_from(CHANNELS)
name = st.sampled_from(NAMES)
number = st.integers(0, 12)
text = st.sampled_from(["hi", " ", "two\nlines", "é" * 9])
body = st.builds(
    "{}".format,
    st.one_of(
        st.just(" x.msg.new c.text x.text:2 hi "),
        number.map(lambda n: f" x.msg.update {n} x.text:2 ho "),
        number.map(lambda n: f" x.msg.delete {n}  "),
        number.map(lambda n: f" w.msg.reply {n} x.text:2 re "),
        st.builds(" w.msg.react {},{} x.text:1 + ".format, number, st.sampled_from(["add", "remove"])),
        st.text(max_size=8),
    ),
)
frame = st.one_of(
    st.builds("CREATE {}{}".format, channel, st.sampled_from(["", ' {"private":true}', ' {"invite":["cid"]}'])),
    st.builds("{} {}".format, st.sampled_from(["DELETE", "JOIN", "PART", "LSUSERS"]), channel),
    st.builds("{} {} {}".format, st.sampled_from(["INVITE", "KICK"]), channel, name),
    st.builds("MSG {} {}".format, channel, text),
    st.builds("CHAT {} {}".format, channel, body),
    st.builds("READ {} {}".format, channel, number),
    st.builds("TOPIC {} {}".format, channel, text),
    st.builds("TYPING {} {}".format, channel, st.sampled_from(["ON", "OFF"])),
    st.builds("HISTORY {} {} {}".format, channel, st.sampled_from(["LATEST *", "BEFORE 5", "AFTER 3"]), number),
    st.builds("PRESENCE {}".format, st.sampled_from(["ONLINE", "IDLE", "OFFLINE"])),
    st.builds("PING {}".format, number),
    st.sampled_from(["LSCHANS", "LSSUBS", "LSEVENTS", "SUBEVENT message", "UNSUBEVENT user"]),
    st.text(max_size=20),
)
label = st.one_of(st.just(""), st.integers(1, 15).map("@id={} ".format))
step = st.one_of(
    st.tuples(st.integers(0, 3), st.builds("{}{}".format, label, frame)),
    st.tuples(st.integers(0, 3), st.sampled_from(["!settle", "!lose", "!wait"])),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(step, max_size=60))
def test_whatever_is_said_the_rules_keep_their_promises(steps: list[tuple[int, str]]) -> None:  # A16, A24
    stage = Stage()
    clients = [stage.sign_in(user, "channel", "user", "message", "typing", "presence") for user in NAMES]
    heard: dict[int, list[str]] = defaultdict(list)
    for who, what in steps:
        client = clients[who]
        if what == "!settle":
            stage.settle()
        elif what == "!wait":
            stage.settle()
            stage.wait(7)
        elif what == "!lose":
            stage.settle()
            heard[who] += client.hear()
            client.lose()
            seqs = [int(hear(line).tags["seq"]) for line in heard[who] if line.startswith("@seq=")]
            again = stage.connect()
            again.hear()
            again.sid = client.sid
            again.frames = again.say(f"RESUME {client.sid} {max(seqs, default=0)}")
            clients[who] = again
        else:
            stage.rules.received(client.number, what, stage.now)
    stage.settle()
    for who, client in enumerate(clients):
        heard[who] += client.hear()
        events = [hear(line) for line in heard[who] if "seq" in hear(line).tags]
        assert [int(event.tags["seq"]) for event in events] == list(range(1, len(events) + 1))
        newest: dict[str, int] = defaultdict(int)
        for event in events:
            if event.words[2] in {"CREATE", "JOIN", "PART", "KICK", "TOPIC"} and "pos" in event.data:
                assert event.data["pos"] > newest[event.words[3]]
                newest[event.words[3]] = event.data["pos"]
    agrees_with_storage(stage)


def agrees_with_storage(stage: Stage) -> None:
    """What a restart would load is what the rules have in memory, and positions have no holes."""
    loaded = stage.store.load(99)
    hall = stage.rules.hall
    names = {user.number: user.name for user in loaded.users}
    alive = {row.number: row for row in loaded.channels if row.alive}
    assert {row.name: (row.head, row.base, row.topic) for row in alive.values()} == {
        one.name: (one.head, one.base, one.topic) for one in hall.channels.values()
    }
    assert {(alive[row.channel].name, names[row.user]) for row in loaded.members} == {
        (one.name, user) for one in hall.channels.values() for user in one.members
    }
    assert {(alive[row.channel].name, names[row.user]) for row in loaded.invites} == {
        (one.name, user) for one in hall.channels.values() for user in one.invited
    }
    assert {(alive[row.channel].name, row.user): row.pos for row in loaded.reads} == {
        (one.name, user): pos for one in hall.channels.values() for user, pos in one.reads.items()
    }
    for row in alive.values():
        (items,) = stage.store.commit((), [ReadItems(row.number, 0, 10**6)])
        assert isinstance(items, list)
        assert [hear(f"X {item}").data["pos"] for item in items] == list(range(row.base + 1, row.head + 1))
        assert tuple(hall.channels[row.name].authors)[-99:] == tuple(author for _, author in row.tail)

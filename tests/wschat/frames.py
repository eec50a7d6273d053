"""The conformance table of wschat-ie/1: frames good and bad, who says them, and what they mean (wschat 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chat_tui_wschat.wire import Chunk, Command, Confirm, Event, Failure, Hello, Ping, Pong, Reply

SID = "k3J9xQ2mP0vTz7aB"
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
LAST = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Bad:
    """A frame that is refused: the code, the verb that the refusal names, its text where it is fixed, and the tags."""

    code: Literal["BADFRAME", "BADCMD", "BADARGS"]
    verb: str = "*"
    text: str | None = None
    id: int | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One message and what it stands for; `spelling` says whether the value is written as just this message."""

    frame: str | bytes
    side: Literal["c2s", "s2c"]
    expected: Command | Reply | Bad
    note: str
    spelling: bool = True


def _c(frame: str | bytes, expected: Command | Chunk | Bad, note: str = "", *, spelling: bool = True) -> Row:
    return Row(frame, "c2s", expected, note, spelling)


def _s(frame: str | bytes, expected: Reply | Bad, note: str = "", *, spelling: bool = True) -> Row:
    return Row(frame, "s2c", expected, note, spelling)


_TEXT = 'hello  there {"not":"json"}'
_M7 = {"id": "m7", "pos": 41, "ts": 1754690000123}
_OLD = {
    "events": [
        {"pos": 39, "type": "user", "action": "JOIN", "username": "ann"},
        {
            "pos": 40,
            "type": "message",
            "action": "CREATE",
            "id": "m6",
            "from": "ann",
            "text": "hi",
            "ts": 1754689990000,
        },
    ],
    "more": True,
}
_NEEDS = "SUBEVENT requires event type argument"

TRANSCRIPTS: list[Row] = [
    _s(
        'HELLO wschat-ie/1 {"name":"dev","heartbeat":30000,'
        '"events":["channel","user","message","presence","typing","file"]}',
        Hello(
            "wschat-ie/1",
            {
                "name": "dev",
                "heartbeat": 30000,
                "events": ["channel", "user", "message", "presence", "typing", "file"],
            },
        ),
    ),
    _c("@id=1 AUTH TOKEN laptop s3cr3t", Command("AUTH", ("TOKEN", "laptop", "s3cr3t"), id=1)),
    _s(
        f'@id=1 CONFIRM AUTH glitchy {{"session":"{SID}","device":"laptop","last_id":0,"seq":0}}',
        Confirm("AUTH", ("glitchy",), {"session": SID, "device": "laptop", "last_id": 0, "seq": 0}, 1),
    ),
    _c("SUBEVENT channel", Command("SUBEVENT", ("channel",))),
    _s("CONFIRM SUBEVENT channel", Confirm("SUBEVENT", ("channel",))),
    _c("@id=2 SUBEVENT message", Command("SUBEVENT", ("message",), id=2)),
    _s("@id=2 CONFIRM SUBEVENT message", Confirm("SUBEVENT", ("message",), id=2)),
    _c("SUBEVENT", Bad("BADARGS", "SUBEVENT", _NEEDS)),
    _s(f"ERROR BADARGS SUBEVENT {_NEEDS}", Failure("BADARGS", "SUBEVENT", _NEEDS)),
    _c("@id=3 SUBEVENT weather", Command("SUBEVENT", ("weather",), id=3), "fits the alphabet; the server refuses it"),
    _s(
        "@id=3 ERROR BADARGS SUBEVENT Unsupported event type: weather",
        Failure("BADARGS", "SUBEVENT", "Unsupported event type: weather", 3),
    ),
    _c("@id=4 LSSUBS", Command("LSSUBS", id=4)),
    _s(
        '@id=4 CONFIRM LSSUBS {"at":0,"channels":["general"]}',
        Confirm("LSSUBS", (), {"at": 0, "channels": ["general"]}, 4),
    ),
    _s("EVENT channel CREATE example", Event("channel", "CREATE", "example", {})),
    _s("EVENT channel DELETE example ", Event("channel", "DELETE", "example", {}), "S0 trap 1", spelling=False),
    _s(
        '@seq=1 EVENT user JOIN general {"username":"glitchy"}',
        Event("user", "JOIN", "general", {"username": "glitchy"}, 1),
    ),
    _c(f"@id=5 MSG general {_TEXT}", Command("MSG", ("general",), _TEXT, id=5)),
    _s(
        '@seq=2;id=5 EVENT message CREATE general {"id":"m7","pos":41,"from":"glitchy",'
        '"text":"hello  there {\\"not\\":\\"json\\"}","ts":1754690000123}',
        Event(
            "message",
            "CREATE",
            "general",
            {"id": "m7", "pos": 41, "from": "glitchy", "text": _TEXT, "ts": 1754690000123},
            2,
            5,
        ),
    ),
    _s(
        '@id=5 CONFIRM MSG general {"id":"m7","pos":41,"ts":1754690000123}',
        Confirm("MSG", ("general",), _M7, 5),
    ),
    _s(
        '@id=5;dup=1 CONFIRM MSG general {"id":"m7","pos":41,"ts":1754690000123}',
        Confirm("MSG", ("general",), _M7, 5, dup=True),
    ),
    _c("@id=5 MSG general something else", Command("MSG", ("general",), "something else", id=5)),
    _s(
        "@id=5 ERROR IDREUSE MSG action id 5 was used for a different command",
        Failure("IDREUSE", "MSG", "action id 5 was used for a different command", 5),
    ),
    _c("@id=6 HISTORY general BEFORE 41 2", Command("HISTORY", ("general", "BEFORE", 41, 2), id=6)),
    _s(
        '@id=6 CONFIRM HISTORY general {"events":[{"pos":39,"type":"user","action":"JOIN","username":"ann"},'
        '{"pos":40,"type":"message","action":"CREATE","id":"m6","from":"ann","text":"hi","ts":1754689990000}],"more":true}',
        Confirm("HISTORY", ("general",), _OLD, 6),
    ),
    _c("TYPING general ON", Command("TYPING", ("general", "ON"))),
    _s('EVENT typing SET general {"users":["glitchy"]}', Event("typing", "SET", "general", {"users": ["glitchy"]})),
    _c("PING 2", Command("PING", (2,))),
    _s("PONG 2", Pong(2)),
    _c(f"RESUME {SID} 2", Command("RESUME", (SID, 2))),
    _s(f'CONFIRM RESUME {SID} {{"from":3,"to":4}}', Confirm("RESUME", (SID,), {"from": 3, "to": 4})),
    _s(
        '@seq=3 EVENT message CREATE general {"id":"m8","pos":42,"from":"ann","text":"still there?","ts":1754690005000}',
        Event(
            "message",
            "CREATE",
            "general",
            {"id": "m8", "pos": 42, "from": "ann", "text": "still there?", "ts": 1754690005000},
            3,
        ),
    ),
    _s(
        '@seq=4 EVENT user PART general {"username":"ann","pos":43}',
        Event("user", "PART", "general", {"username": "ann", "pos": 43}, 4),
    ),
    _s(f'EVENT session RESUMED {SID} {{"seq":4}}', Event("session", "RESUMED", SID, {"seq": 4})),
    _s(f'CONFIRM RESUME {SID} {{"gap":true,"seq":5000}}', Confirm("RESUME", (SID,), {"gap": True, "seq": 5000})),
    _s(
        'EVENT session SNAPSHOT general {"topic":"","pos":900,"members":["glitchy"],"read":43}',
        Event("session", "SNAPSHOT", "general", {"topic": "", "pos": 900, "members": ["glitchy"], "read": 43}),
    ),
    _s(f'EVENT session RESUMED {SID} {{"seq":5000}}', Event("session", "RESUMED", SID, {"seq": 5000})),
    _c(
        f'@id=7 FILE OFFER general {{"name":"photo.png","size":100000,"chunk":16384,"sha256":"{SHA}"}}',
        Command(
            "FILE",
            ("OFFER", "general"),
            data={"name": "photo.png", "size": 100000, "chunk": 16384, "sha256": SHA},
            id=7,
        ),
    ),
    _s(
        '@id=7 CONFIRM FILE OFFER f12 {"xid":"x30","next":1,"pos":43}',
        Confirm("FILE", ("OFFER", "f12"), {"xid": "x30", "next": 1, "pos": 43}, 7),
    ),
    _c("@id=8 FILE ACCEPT f12 1", Command("FILE", ("ACCEPT", "f12", 1), id=8)),
    _s(
        '@id=8 CONFIRM FILE ACCEPT x31 {"fid":"f12","next":1}',
        Confirm("FILE", ("ACCEPT", "x31"), {"fid": "f12", "next": 1}, 8),
    ),
    _c("FILE ACK x31 1", Command("FILE", ("ACK", "x31", 1))),
    _c("@id=9 FILE CANCEL x31", Command("FILE", ("CANCEL", "x31"), id=9)),
    _s('@seq=5001 EVENT file CANCEL x31 {"by":"glitchy"}', Event("file", "CANCEL", "x31", {"by": "glitchy"}, 5001)),
    _s("@id=9 CONFIRM FILE CANCEL x31", Confirm("FILE", ("CANCEL", "x31"), id=9)),
]
"""Every line of wschat 3.10, in its order; a line that occurs twice stands once."""

COMMANDS: list[Row] = [
    _c("AUTH PASS laptop ann pass word", Command("AUTH", ("PASS", "laptop", "ann"), "pass word"), "spaces are content"),
    _c("AUTH PASS laptop ann secret  ", Command("AUTH", ("PASS", "laptop", "ann"), "secret "), "own space, then one"),
    _c("RESUME " + "a" * 64 + " 0", Command("RESUME", ("a" * 64, 0))),
    _c("UNSUBEVENT channel", Command("UNSUBEVENT", ("channel",))),
    _c("SUBEVENT channel ", Command("SUBEVENT", ("channel",)), "one trailing space", spelling=False),
    _c("SUBEVENT a.b_c-1", Command("SUBEVENT", ("a.b_c-1",))),
    _c("LSEVENTS", Command("LSEVENTS")),
    _c("LSEVENTS ", Command("LSEVENTS"), "one trailing space", spelling=False),
    _c("LSCHANS", Command("LSCHANS")),
    _c("LSCHANS general", Command("LSCHANS", ("general",)), "the page after a name"),
    _c("LSUSERS general", Command("LSUSERS", ("general",))),
    _c("LSUSERS general ann", Command("LSUSERS", ("general", "ann")), "the page after a name"),
    _c("LSFILES", Command("LSFILES")),
    _c("LSFILES f12", Command("LSFILES", ("f12",)), "the page before a file"),
    _c("CREATE x", Command("CREATE", ("x",))),
    _c("CREATE " + "a" * 50, Command("CREATE", ("a" * 50,)), "the longest name"),
    _c('CREATE club {"private":true}', Command("CREATE", ("club",), data={"private": True})),
    _c('CREATE club {"topic": "a  b"} ', Command("CREATE", ("club",), data={"topic": "a  b"}), spelling=False),
    _c("CREATE club {}", Command("CREATE", ("club",)), "S0 trap 2: an empty object is absent", spelling=False),
    _c("CREATE @ann+bob", Command("CREATE", ("@ann+bob",)), "a direct channel"),
    _c("DELETE general", Command("DELETE", ("general",))),
    _c("JOIN general", Command("JOIN", ("general",))),
    _c("JOIN a..b", Command("JOIN", ("a..b",)), "only the ends are restricted"),
    _c("PART general", Command("PART", ("general",))),
    _c("PART general ", Command("PART", ("general",)), "no reason", spelling=False),
    _c("PART general  ", Command("PART", ("general",), " "), "a reason of one space", spelling=False),
    _c("PART general   ", Command("PART", ("general",), " "), "the same, as it is written"),
    _c("PART general  see  you ", Command("PART", ("general",), " see  you"), "leading spaces count", spelling=False),
    _c("INVITE club bob", Command("INVITE", ("club", "bob"))),
    _c("KICK club bob", Command("KICK", ("club", "bob"))),
    _c("KICK club b.o_b9 too loud\there", Command("KICK", ("club", "b.o_b9"), "too loud\there")),
    _c('TOPIC general {"not":"json"}', Command("TOPIC", ("general",), '{"not":"json"}')),
    _c("TOPIC general naïve \x85 🦜", Command("TOPIC", ("general",), "naïve \x85 🦜"), "U+0085 is in the ABNF"),
    _c("MSG general  two spaces ", Command("MSG", ("general",), " two spaces "), "every space is content"),
    _c("MSG general  ", Command("MSG", ("general",), " "), "blank, but well-formed"),
    _c("MSG general a\nb\t\n", Command("MSG", ("general",), "a\nb\t\n"), "the only text with LF"),
    _c("MSG @ann+bob hi", Command("MSG", ("@ann+bob",), "hi")),
    _c(
        "CHAT general  x.msg.new c.text x.text:5 hello ",
        Command("CHAT", ("general",), body=b" x.msg.new c.text x.text:5 hello "),
        "every octet counts",
    ),
    _c("CHAT general  x.msg.delete 41  ", Command("CHAT", ("general",), body=b" x.msg.delete 41  ")),
    _c("CHAT general ", Command("CHAT", ("general",), body=b""), "the empty body; no chat message, but a frame"),
    _c("CHAT general \x01é", Command("CHAT", ("general",), body="\x01é".encode())),
    _c(b"@id=3 CHAT general a\nb", Command("CHAT", ("general",), body=b"a\nb", id=3), "LF needs a binary message"),
    _c(b"CHAT general \xff\x00 \r", Command("CHAT", ("general",), body=b"\xff\x00 \r")),
    _c(b"CHAT general hi", Command("CHAT", ("general",), body=b"hi"), "binary without need", spelling=False),
    _c(b"CHAT general ", Command("CHAT", ("general",), body=b""), spelling=False),
    _c("HISTORY general LATEST * 50", Command("HISTORY", ("general", "LATEST", "*", 50))),
    _c("HISTORY general AFTER 0 0", Command("HISTORY", ("general", "AFTER", 0, 0))),
    _c("READ general 41", Command("READ", ("general", 41))),
    _c("TYPING general OFF", Command("TYPING", ("general", "OFF"))),
    _c("PRESENCE ONLINE", Command("PRESENCE", ("ONLINE",))),
    _c("PRESENCE IDLE at lunch", Command("PRESENCE", ("IDLE",), "at lunch")),
    _c("FILE OFFER general {}", Command("FILE", ("OFFER", "general"), data={}), "its keys are the server's to check"),
    _c("FILE RESUME x30", Command("FILE", ("RESUME", "x30"))),
    _c("FILE DONE x" + "9" * 20, Command("FILE", ("DONE", "x" + "9" * 20))),
    _c("FILE FAIL x31 DIGEST", Command("FILE", ("FAIL", "x31", "DIGEST"))),
    _c("FILE CANCEL f12 wrong file", Command("FILE", ("CANCEL", "f12"), "wrong file")),
    _c(f"PING {LAST}", Command("PING", (LAST,)), "the largest number"),
    _c("PONG 0", Command("PONG", (0,))),
    _c("QUIT", Command("QUIT")),
    _c("QUIT good night", Command("QUIT", (), "good night")),
    _c("QUIT  ", Command("QUIT", (), " "), spelling=False),
    _c(f"@id={LAST} JOIN general", Command("JOIN", ("general",), id=LAST)),
    _c("@a=1;id=7;id=8;b-2=x JOIN general", Command("JOIN", ("general",), id=8), "the last wins", spelling=False),
    _c("@id=0;id=8 JOIN general", Command("JOIN", ("general",), id=8), "the last wins", spelling=False),
    _c("@seq=x;dup=9 JOIN general", Command("JOIN", ("general",)), "unknown to a server", spelling=False),
    _c(b"x30 1 ", Chunk("x30", 1, b""), "the one chunk of an empty file"),
    _c(b"x30 12 \x00 \xff", Chunk("x30", 12, b"\x00 \xff")),
    _c(b"x30 0 ", Chunk("x30", 0, b""), "the sender gave up"),
]
"""Every verb in its good forms."""

_EXTRA = "Too many arguments: SUBEVENT takes event type argument"

REFUSED: list[Row] = [
    _c("", Bad("BADFRAME"), "nothing"),
    _c(" ", Bad("BADFRAME"), "a space"),
    _c(" MSG general hi", Bad("BADFRAME"), "a leading space"),
    _c("@", Bad("BADFRAME")),
    _c("@id=1", Bad("BADFRAME"), "tags alone"),
    _c("@ JOIN general", Bad("BADFRAME"), "no tag"),
    _c("@id JOIN general", Bad("BADFRAME"), "a tag without value"),
    _c("@id= JOIN general", Bad("BADFRAME")),
    _c("@id=1; JOIN general", Bad("BADFRAME")),
    _c("@ID=1 JOIN general", Bad("BADFRAME"), "keys are lower case"),
    _c("@id=0 JOIN general", Bad("BADFRAME")),
    _c("@id=01 JOIN general", Bad("BADFRAME")),
    _c("@id=-1 JOIN general", Bad("BADFRAME")),
    _c("@id=१ JOIN general", Bad("BADFRAME"), "digits are ASCII"),
    _c("@id=9007199254740992 JOIN general", Bad("BADFRAME"), "over 2**53-1"),
    _c("@id=1  JOIN general", Bad("BADFRAME", id=1), "two spaces after the tags"),
    _c("@" + ";".join(f"k{n}={'v' * 60}" for n in range(5)) + " JOIN general", Bad("BADFRAME"), "over 256 bytes"),
    _c("@id=7 subevent channel", Bad("BADCMD", id=7), "verbs are case-sensitive"),
    _c("FLY away", Bad("BADCMD", "FLY", "Unknown command: FLY")),
    _c("EVENT channel CREATE example", Bad("BADCMD", "EVENT"), "the server's frames are no commands"),
    _c("MSG\u2028general hi", Bad("BADCMD"), "only SP separates"),
    _c("SUBEVENT ", Bad("BADARGS", "SUBEVENT", _NEEDS), "S0's text for a missing argument"),
    _c("@id=4 UNSUBEVENT", Bad("BADARGS", "UNSUBEVENT", "UNSUBEVENT requires event type argument", 4)),
    _c("SUBEVENT  channel", Bad("BADFRAME", "SUBEVENT"), "two spaces in a row"),
    _c("SUBEVENT channel  ", Bad("BADFRAME", "SUBEVENT"), "two trailing spaces"),
    _c("SUBEVENT channel user", Bad("BADARGS", "SUBEVENT", _EXTRA), "S0 trap 5"),
    _c("SUBEVENT Channel", Bad("BADARGS", "SUBEVENT", "Unsupported event type: Channel")),
    _c('SUBEVENT {"a":1}', Bad("BADARGS", "SUBEVENT", 'Unsupported event type: {"a":1}')),
    _c("SUBEVENT " + "a" * 33, Bad("BADARGS", "SUBEVENT", "Unsupported event type: " + "a" * 33)),
    _c(
        "SUBEVENT " + "a" * 1_000_000,
        Bad("BADARGS", "SUBEVENT", "Unsupported event type: " + "a" * 64 + "…"),
        "1 MB argument",
    ),
    _c("SUBEVENT \u202eevil\t", Bad("BADARGS", "SUBEVENT", "Unsupported event type: ?evil?"), "made harmless"),
    _c("UNSUBEVENT Ж", Bad("BADARGS", "UNSUBEVENT", "Unsupported event type: Ж")),
    _c("SUBEVENT chan\x00nel", Bad("BADFRAME", "SUBEVENT"), "NUL"),
    _c("SUBEVENT chan\rnel", Bad("BADFRAME", "SUBEVENT"), "CR"),
    _c("SUBEVENT chan\nnel", Bad("BADFRAME", "SUBEVENT"), "LF"),
    _c("SUBEVENT chan\ud800nel", Bad("BADFRAME", "SUBEVENT"), "no UTF-8"),
    _c("SUBEVENT chan\x7fnel", Bad("BADFRAME", "SUBEVENT"), "DEL"),
    _c("FLY \x00", Bad("BADFRAME", "FLY"), "encoding comes before the verb"),
    _c("a" * (2**20 + 1), Bad("BADFRAME"), "over 1 MiB"),
    _c("MSG general " + "é" * 2**19, Bad("BADFRAME", "MSG"), "over 1 MiB of UTF-8"),
    _c("AUTH", Bad("BADARGS", "AUTH", "AUTH requires TOKEN or PASS as its first argument")),
    _c("AUTH SCRAM ann", Bad("BADARGS", "AUTH")),
    _c("AUTH  TOKEN laptop s3cr3t", Bad("BADFRAME", "AUTH")),
    _c("AUTH TOKEN", Bad("BADARGS", "AUTH", "AUTH TOKEN requires a device name and a token")),
    _c("AUTH TOKEN laptop", Bad("BADARGS", "AUTH")),
    _c("AUTH TOKEN laptop s3cr3t more", Bad("BADARGS", "AUTH")),
    _c("AUTH TOKEN lap/top s3cr3t", Bad("BADARGS", "AUTH")),
    _c("AUTH TOKEN laptop " + "s" * 4097, Bad("BADARGS", "AUTH"), "a secret has at most 4096 characters"),
    _c("AUTH PASS laptop ann", Bad("BADARGS", "AUTH")),
    _c("AUTH PASS laptop an pw", Bad("BADARGS", "AUTH"), "a user name has at least 3 characters"),
    _c("RESUME", Bad("BADARGS", "RESUME", "RESUME requires a session id and the last seq")),
    _c("RESUME short 2", Bad("BADARGS", "RESUME")),
    _c(f"RESUME {SID}", Bad("BADARGS", "RESUME")),
    _c(f"RESUME {SID} -1", Bad("BADARGS", "RESUME")),
    _c("LSEVENTS all", Bad("BADARGS", "LSEVENTS")),
    _c("LSEVENTS  ", Bad("BADFRAME", "LSEVENTS")),
    _c("LSCHANS a b", Bad("BADARGS", "LSCHANS")),
    _c("LSCHANS A", Bad("BADARGS", "LSCHANS")),
    _c("LSSUBS all", Bad("BADARGS", "LSSUBS")),
    _c("LSUSERS", Bad("BADARGS", "LSUSERS")),
    _c("LSUSERS general ann bob", Bad("BADARGS", "LSUSERS")),
    _c("LSFILES x1", Bad("BADARGS", "LSFILES")),
    _c("LSFILES f1 f2", Bad("BADARGS", "LSFILES")),
    _c("CREATE", Bad("BADARGS", "CREATE")),
    _c("CREATE " + "a" * 51, Bad("BADARGS", "CREATE")),
    _c("CREATE General", Bad("BADARGS", "CREATE", "Not a channel name: General")),
    _c("CREATE ..", Bad("BADARGS", "CREATE")),
    _c("CREATE -a", Bad("BADARGS", "CREATE")),
    _c("CREATE @bob+ann", Bad("BADARGS", "CREATE"), "a direct channel is named in alphabetical order"),
    _c("CREATE @ann+ann", Bad("BADARGS", "CREATE")),
    _c("CREATE @ann", Bad("BADARGS", "CREATE")),
    _c("CREATE @ann+bob+cat", Bad("BADARGS", "CREATE")),
    _c("CREATE club topic", Bad("BADARGS", "CREATE")),
    _c("CREATE club  {}", Bad("BADFRAME", "CREATE")),
    _c("CREATE club  ", Bad("BADFRAME", "CREATE")),
    _c("CREATE club [1]", Bad("BADARGS", "CREATE")),
    _c("CREATE club {", Bad("BADFRAME", "CREATE")),
    _c('CREATE club {"a":1}}', Bad("BADFRAME", "CREATE")),
    _c('CREATE club {"a":NaN}', Bad("BADFRAME", "CREATE")),
    _c('CREATE club {"a":-Infinity}', Bad("BADFRAME", "CREATE")),
    _c('CREATE club {"a":1e999}', Bad("BADFRAME", "CREATE"), "beyond a float"),
    _c('CREATE club {"a":' + "9" * 5000 + "}", Bad("BADFRAME", "CREATE"), "5,000 digits"),
    _c('CREATE club {"a":"\\ud800"}', Bad("BADFRAME", "CREATE"), "half a surrogate pair"),
    _c('CREATE club {"a":"\x7f"}', Bad("BADFRAME", "CREATE")),
    _c('CREATE club {"a":' * 1 + '{"a":' * 8 + "1" + "}" * 9, Bad("BADFRAME", "CREATE"), "nine deep"),
    _c("CREATE club {" + '"a":{' * 100_000, Bad("BADFRAME", "CREATE"), "unclosed"),
    _c('CREATE club {"a":' + "[" * 100_000 + "]" * 100_000 + "}", Bad("BADFRAME", "CREATE"), "very deep"),
    _c("DELETE", Bad("BADARGS", "DELETE", "DELETE requires a channel name")),
    _c("JOIN general now", Bad("BADARGS", "JOIN")),
    _c("PART", Bad("BADARGS", "PART")),
    _c("PART general a\nb", Bad("BADFRAME", "PART"), "LF is for MSG alone"),
    _c("INVITE club", Bad("BADARGS", "INVITE")),
    _c("INVITE club .bob", Bad("BADARGS", "INVITE")),
    _c("INVITE club b..b", Bad("BADARGS", "INVITE")),
    _c("INVITE club " + "b" * 33, Bad("BADARGS", "INVITE")),
    _c("KICK club", Bad("BADARGS", "KICK")),
    _c("TOPIC general", Bad("BADARGS", "TOPIC", "TOPIC requires a channel name and a topic")),
    _c("TOPIC general ", Bad("BADARGS", "TOPIC"), "the trailing space is no topic"),
    _c("TOPIC general a\nb", Bad("BADFRAME", "TOPIC")),
    _c("MSG", Bad("BADARGS", "MSG", "MSG requires a channel name and a text")),
    _c("MSG ", Bad("BADARGS", "MSG")),
    _c("MSG general", Bad("BADARGS", "MSG")),
    _c("MSG general ", Bad("BADARGS", "MSG")),
    _c("MSG  general hi", Bad("BADFRAME", "MSG")),
    _c("MSG  ", Bad("BADFRAME", "MSG")),
    _c("MSG gene\nral hi", Bad("BADFRAME", "MSG"), "LF is for the text alone"),
    _c("@id=9 MSG general a\r\nb", Bad("BADFRAME", "MSG", id=9)),
    _c("MSG general \x1b[2J", Bad("BADFRAME", "MSG")),
    _c("CHAT general", Bad("BADARGS", "CHAT")),
    _c("CHAT general a\nb", Bad("BADFRAME", "CHAT"), "LF needs a binary message"),
    _c("CHAT general a\x00", Bad("BADFRAME", "CHAT")),
    _c("CHAT #general a", Bad("BADARGS", "CHAT")),
    _c(b"CHAT general", Bad("BADFRAME")),
    _c(b"CHAT gener\xc3\xa4l a", Bad("BADARGS", "CHAT")),
    _c(b"@id=4 CHAT  a b", Bad("BADFRAME", "CHAT", id=4)),
    _c(b"@id CHAT general a", Bad("BADFRAME")),
    _c(b"MSG general hi", Bad("BADFRAME"), "binary is for chunks and CHAT"),
    _c(b"CHAT general " + b"a" * 2**20, Bad("BADFRAME"), "over 1 MiB"),
    _c(b"", Bad("BADFRAME")),
    _c("HISTORY general", Bad("BADARGS", "HISTORY")),
    _c("HISTORY general LATEST 5 50", Bad("BADARGS", "HISTORY")),
    _c("HISTORY general BEFORE * 50", Bad("BADARGS", "HISTORY")),
    _c("HISTORY general AROUND 5 50", Bad("BADARGS", "HISTORY")),
    _c("HISTORY general BEFORE 5", Bad("BADARGS", "HISTORY")),
    _c("HISTORY general BEFORE 5 AFTER 2", Bad("BADARGS", "HISTORY")),
    _c("HISTORY general BEFORE 5 2 1", Bad("BADARGS", "HISTORY")),
    _c("HISTORY general BEFORE 05 2", Bad("BADARGS", "HISTORY")),
    _c("READ general", Bad("BADARGS", "READ")),
    _c("READ general +1", Bad("BADARGS", "READ")),
    _c("READ general 9007199254740992", Bad("BADARGS", "READ")),
    _c("TYPING general", Bad("BADARGS", "TYPING")),
    _c("TYPING general on", Bad("BADARGS", "TYPING", "on is none of ON, OFF")),
    _c("PRESENCE", Bad("BADARGS", "PRESENCE")),
    _c("PRESENCE AWAY", Bad("BADARGS", "PRESENCE")),
    _c("FILE", Bad("BADARGS", "FILE")),
    _c("FILE SEND general", Bad("BADARGS", "FILE")),
    _c("FILE OFFER general", Bad("BADARGS", "FILE", "FILE OFFER requires a channel name and a JSON object")),
    _c("FILE OFFER general photo.png", Bad("BADARGS", "FILE")),
    _c("FILE RESUME f12", Bad("BADARGS", "FILE")),
    _c("FILE ACCEPT f12", Bad("BADARGS", "FILE")),
    _c("FILE ACCEPT x12 1", Bad("BADARGS", "FILE")),
    _c("FILE ACK x12 1.5", Bad("BADARGS", "FILE")),
    _c("FILE DONE x", Bad("BADARGS", "FILE")),
    _c("FILE FAIL x1 BECAUSE", Bad("BADARGS", "FILE")),
    _c("FILE CANCEL 12", Bad("BADARGS", "FILE")),
    _c("PING", Bad("BADARGS", "PING", "PING requires a number")),
    _c("PING 1 2", Bad("BADARGS", "PING")),
    _c("PONG one", Bad("BADARGS", "PONG")),
    _c(b"x30", Bad("BADFRAME")),
    _c(b"x30 1", Bad("BADFRAME")),
    _c(b"x30 01 a", Bad("BADFRAME"), "a leading zero"),
    _c(b"x30 -1 a", Bad("BADFRAME"), "a sign"),
    _c(b"x30 0 a", Bad("BADFRAME"), "chunk 0 has no bytes"),
    _c(b"x30 9007199254740992 a", Bad("BADFRAME")),
    _c(b"x 1 a", Bad("BADFRAME")),
]
"""What a client may not say."""

REPLIES: list[Row] = [
    _s(
        'EVENT user JOIN general {"username": "gl itchy"}',
        Event("user", "JOIN", "general", {"username": "gl itchy"}),
        "S0 trap 3",
        spelling=False,
    ),
    _s("EVENT channel CREATE example {}", Event("channel", "CREATE", "example"), "S0 trap 2", spelling=False),
    _s("EVENT channel CREATE example {} ", Event("channel", "CREATE", "example"), spelling=False),
    _s("EVENT weather RAINS berlin", Event("weather", "RAINS", "berlin"), "unknown type and action"),
    _s("EVENT channel CREATE @ann+bob", Event("channel", "CREATE", "@ann+bob")),
    _s("EVENT channel CREATE #General", Event("channel", "CREATE", "#General"), "a resource is any word"),
    _s('EVENT x Y z {"a":1,"a":2}', Event("x", "Y", "z", {"a": 2}), "of a repeated key the last", spelling=False),
    _s(
        'EVENT x Y z {"a":"\\u007f\\u0000\\n"}',
        Event("x", "Y", "z", {"a": "\x7f\0\n"}),
        "control characters are escaped",
    ),
    _s(
        "EVENT x Y z " + '{"a":' * 8 + "1" + "}" * 8,
        Event("x", "Y", "z", {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}}}),
        "eight deep",
    ),
    _s('EVENT x Y z {"a":"[[[[[[[[[[{{{{{{"}', Event("x", "Y", "z", {"a": "[[[[[[[[[[{{{{{{"}), "brackets in a string"),
    _s("@id=5;seq=2 EVENT x Y z", Event("x", "Y", "z", {}, 2, 5), "tags in any order", spelling=False),
    _s(f"@seq={LAST};id={LAST} EVENT x Y z", Event("x", "Y", "z", {}, LAST, LAST)),
    _s("@seq=2;new=1 EVENT x Y z", Event("x", "Y", "z", {}, 2), "an unknown tag", spelling=False),
    _s("CONFIRM QUIT", Confirm("QUIT")),
    _s("CONFIRM LSSUBS {}", Confirm("LSSUBS"), spelling=False),
    _s('@id=3 CONFIRM JOIN general {"noop":true} ', Confirm("JOIN", ("general",), {"noop": True}, 3), spelling=False),
    _s("ERROR BADARGS", Failure("BADARGS", "*"), "a code alone", spelling=False),
    _s("ERROR BADFRAME *", Failure("BADFRAME", "*"), "no text"),
    _s("ERROR BADFRAME * ", Failure("BADFRAME", "*"), spelling=False),
    _s("ERROR BADFRAME *   ", Failure("BADFRAME", "*", " ")),
    _s("ERROR BADFRAME *  ", Failure("BADFRAME", "*", " "), spelling=False),
    _s("ERROR TEAPOT MSG  I am {one} ", Failure("TEAPOT", "MSG", " I am {one}"), "an unknown code", spelling=False),
    _s("@id=5;retry=3 ERROR RATELIMIT MSG wait", Failure("RATELIMIT", "MSG", "wait", 5, 3.0)),
    _s("@id=5;dup=1 ERROR NOPERM MSG no", Failure("NOPERM", "MSG", "no", 5, dup=True)),
    _s("@retry=2.5 ERROR RATELIMIT * wait", Failure("RATELIMIT", "*", "wait", None, 2.5)),
    _s("@retry=-1 ERROR RATELIMIT * wait", Failure("RATELIMIT", "*", "wait"), "no wait known", spelling=False),
    _s("@retry=soon ERROR RATELIMIT * wait", Failure("RATELIMIT", "*", "wait"), "no wait known", spelling=False),
    _s("@retry=1e999 ERROR RATELIMIT * wait", Failure("RATELIMIT", "*", "wait"), "no wait known", spelling=False),
    _s("@retry=nan ERROR RATELIMIT * wait", Failure("RATELIMIT", "*", "wait"), "no wait known", spelling=False),
    _s("PING 0", Ping(0)),
    _s("PONG 7 ", Pong(7), spelling=False),
    _s(b"x31 2 abc", Chunk("x31", 2, b"abc")),
    _s("HELLO wschat-ie/1 {}", Hello("wschat-ie/1", {})),
    _s("", Bad("BADFRAME")),
    _s("event channel CREATE example", Bad("BADCMD"), "verbs are case-sensitive"),
    _s("@seq=8;id=2 GREET you", Bad("BADCMD", "GREET", id=2, seq=8), "wschat 3.4 rule 8"),
    _s("@seq=0 EVENT x Y z", Bad("BADFRAME")),
    _s("@seq=8;id=x EVENT x Y z", Bad("BADFRAME", seq=8)),
    _s("EVENT", Bad("BADARGS", "EVENT")),
    _s("@seq=8 EVENT channel", Bad("BADARGS", "EVENT", seq=8)),
    _s("@seq=8 EVENT channel CREATE", Bad("BADARGS", "EVENT", seq=8), "no resource"),
    _s("@seq=8 EVENT channel CREATE ", Bad("BADARGS", "EVENT", seq=8)),
    _s("@seq=8 EVENT channel create example", Bad("BADARGS", "EVENT", seq=8)),
    _s("@seq=8 EVENT Channel CREATE example", Bad("BADARGS", "EVENT", seq=8)),
    _s("@seq=8 EVENT  channel CREATE example", Bad("BADARGS", "EVENT", seq=8)),
    _s("@seq=8 EVENT channel CREATE example more", Bad("BADFRAME", "EVENT", seq=8)),
    _s("@seq=8 EVENT channel CREATE exam{ple", Bad("BADARGS", "EVENT", seq=8)),
    _s("@seq=8 EVENT channel CREATE example  ", Bad("BADFRAME", "EVENT", seq=8), "two trailing spaces"),
    _s("@seq=8;id=3 EVENT channel CREATE example {", Bad("BADFRAME", "EVENT", id=3, seq=8)),
    _s("@seq=8 EVENT channel CREATE example [1]", Bad("BADFRAME", "EVENT", seq=8), "JSON, but no object"),
    _s("@seq=8 EVENT channel CREATE example {'a':1}", Bad("BADFRAME", "EVENT", seq=8)),
    _s('@seq=8 EVENT channel CREATE example {"a":"\n"}', Bad("BADFRAME", "EVENT", seq=8)),
    _s('@seq=8 EVENT x Y z {"a":"' + "a" * 5_000_000 + '"}', Bad("BADFRAME", "EVENT", seq=8), "5 MB"),
    _s(b"EVENT channel CREATE example", Bad("BADFRAME"), "binary is for chunks"),
    _s("CONFIRM", Bad("BADARGS", "CONFIRM")),
    _s('CONFIRM {"a":1}', Bad("BADARGS", "CONFIRM")),
    _s("@id=3 CONFIRM JOIN  general", Bad("BADARGS", "CONFIRM", id=3)),
    _s("@id=3 CONFIRM JOIN general {", Bad("BADFRAME", "CONFIRM", id=3)),
    _s("ERROR", Bad("BADARGS", "ERROR")),
    _s("ERROR * MSG no", Bad("BADARGS", "ERROR")),
    _s("@id=3 ERROR BADARGS msg no", Bad("BADARGS", "ERROR", id=3)),
    _s("ERROR BADARGS  no", Bad("BADARGS", "ERROR")),
    _s("HELLO", Bad("BADARGS", "HELLO")),
    _s("HELLO wschat-ie/1", Bad("BADARGS", "HELLO")),
    _s("HELLO wschat-ie/1 []", Bad("BADFRAME", "HELLO")),
    _s("HELLO wschät {}", Bad("BADARGS", "HELLO")),
    _s("PONG", Bad("BADARGS", "PONG")),
    _s("PING -1", Bad("BADARGS", "PING")),
]
"""What a server says, good and bad, beyond the transcripts."""

ROWS: list[Row] = [*TRANSCRIPTS, *COMMANDS, *REFUSED, *REPLIES]


def label(row: Row) -> str:
    """Name a row in a test's output: its side, its first characters and its note."""
    text = row.frame if isinstance(row.frame, str) else repr(row.frame[:40])
    return f"{row.side} {ascii(text[:40])[1:-1]} {row.note}".strip()

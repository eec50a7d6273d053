"""Answers for the fault proxy to give in a homeserver's place, from plain errors to what only an enemy would send."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field

MEGABYTE = 1024 * 1024
HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1><hr>nginx</body></html>"


@dataclass(frozen=True)
class Answer:
    """One whole HTTP answer. `headers` come after the content's type and length, or stand for them if so named.

    `length`: what Content-Length claims, if not the truth. `raw`: these bytes instead of anything that is HTTP.
    `endless`: after the body its last bytes again and again (chunked), until the client goes away or 200 MB are sent.
    """

    status: int = 200
    body: bytes = b"{}"
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    raw: bytes = b""
    endless: bytes = b""

    def head(self) -> bytes:
        """Status line and headers, with the empty line."""
        size = {"Transfer-Encoding": "chunked"} if self.endless else {"Content-Length": str(self.claimed())}
        lines = [f"HTTP/1.1 {self.status} Said"]
        lines += [f"{name}: {value}" for name, value in ({"Content-Type": self.kind} | size | self.headers).items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def claimed(self) -> int:
        """The length that is claimed."""
        return len(self.body) if self.length is None else self.length

    def honest(self) -> bool:
        """Whether the connection can be used again afterwards."""
        return not self.raw and not self.endless and self.claimed() == len(self.body)


def error(status: int, errcode: str, text: str, **more: object) -> Answer:
    """An error as Matrix has it."""
    return said({"errcode": errcode, "error": text, **more}, status)


def said(value: object, status: int = 200) -> Answer:
    """Any JSON."""
    return Answer(status, json.dumps(value).encode())


def broken(status: int = 502) -> Answer:
    """What stands in front of a homeserver says when that is down: a page for people."""
    return Answer(status, HTML.format(f"{status} Bad Gateway").encode(), "text/html")


def limited(seconds: float, *, header: bool = True, body: bool = True) -> Answer:
    """429, with the time to wait in the header (whole seconds, rounded up), in the body (milliseconds), or in both."""
    more: dict[str, object] = {"retry_after_ms": int(seconds * 1000)} if body else {}
    answer = error(429, "M_LIMIT_EXCEEDED", "Too Many Requests", **more)
    headers = {"Retry-After": str(-int(-seconds // 1))} if header else {}
    return Answer(answer.status, answer.body, headers=headers)


def redirect(location: str, status: int = 307) -> Answer:
    """Go elsewhere."""
    return Answer(status, b"", "text/plain", {"Location": location})


def huge(size: int = 50 * MEGABYTE) -> Answer:
    """Well-formed JSON of this many bytes."""
    frame = b'{"next_batch":"s1","padding":""}'
    return Answer(body=frame[:-2] + b"x" * (size - len(frame)) + frame[-2:])


def bomb(size: int = 500 * MEGABYTE) -> Answer:
    """A small compressed body that becomes this many bytes; aiohttp unpacks without being asked."""
    zipped = gzip.compress(b"[" + b" " * (MEGABYTE - 2) + b"]")
    # Concatenated gzip members are one stream.
    return Answer(body=zipped * (size // MEGABYTE), headers={"Content-Encoding": "gzip"})


def nested(depth: int = 100_000, opening: bytes = b"[", closing: bytes = b"]") -> Answer:
    """JSON, nested this deep."""
    return Answer(body=b'{"rooms":' + opening * depth + (b"1" if opening != b"[" else b"") + closing * depth + b"}")


def text(body: str) -> Answer:
    """A body that says it is JSON."""
    return Answer(body=body.encode())


# What a client must live through, whatever it asked for: name -> a maker of the answer (some are big).
HOSTILE: dict[str, Callable[[], Answer]] = {
    "html with 200": lambda: broken(200),
    "html with 502": broken,
    "nothing": lambda: text(""),
    "no content": lambda: Answer(204, b""),
    "half a value": lambda: text('{"next_batch":"s1","rooms":{"jo'),
    "two values": lambda: text("{}{}"),
    "NaN": lambda: text('{"next_batch":"s1","presence":{"events":[{"content":{"last_active_ago":NaN}}]},"x":NaN}'),
    "Infinity": lambda: text('{"next_batch":"s1","x":-Infinity}'),
    "a number too big": lambda: text('{"next_batch":"s1","x":1e999,"y":' + "9" * 5000 + "}"),
    "nested arrays": nested,
    "nested objects": lambda: nested(opening=b'{"a":', closing=b"}"),
    "an array": lambda: said([]),
    "a text": lambda: said("s1"),
    "null": lambda: said(None),
    "a number for a text": lambda: said({"next_batch": 7, "rooms": {}, "event_id": 7, "room_id": 7, "chunk": 7}),
    "wrong containers": lambda: said({"next_batch": "s1", "rooms": [], "presence": "", "chunk": {}, "to_device": 1}),
    "wrong inside": lambda: said(
        {
            "next_batch": "s1",
            "presence": {"events": [None, 7, {"type": 7}, {"type": "m.presence", "content": []}]},
            "rooms": {
                "join": {"!a:x": None, "!b:x": [], "": {}, "!c:x": {"timeline": {"events": [None, 7, "", [], {}]}}},
                "invite": {"!d:x": {"invite_state": {"events": {}}}},
                "leave": 7,
            },
        }
    ),
    "a lone surrogate": lambda: text('{"next_batch":"s1","x":"\\ud800"}'),
    "control characters": lambda: said({"next_batch": "s1\u0000\u001b]0;owned\u0007", "x": "\u202e\u001b[2J"}),
    "the same name twice": lambda: text('{"next_batch":"s1","next_batch":7,"next_batch":"s2"}'),
    "not UTF-8": lambda: Answer(body=b'{"next_batch":"\xff\xfe\xc3("}'),
    "UTF-16": lambda: Answer(body='{"next_batch":"s1"}'.encode("utf-16")),
    "another charset": lambda: Answer(body=b"{}", kind="application/json; charset=no-such-thing"),
    "compressed, it says": lambda: Answer(body=b"{}", headers={"Content-Encoding": "gzip"}),
    "a compressed bomb": bomb,
    "50 MB": huge,
    "endless": lambda: Answer(body=b'{"x":"', endless=b"x" * 65_536),
    "shorter than it says": lambda: Answer(body=b"{}", length=1000),
    "longer than it says": lambda: Answer(body=b'{"next_batch":"s1"}' * 100, length=19),
    "a negative length": lambda: Answer(length=-1),
    "a header without end": lambda: Answer(headers={"X-Long": "x" * MEGABYTE}),
    "many headers": lambda: Answer(headers={f"X-{number}": "x" * 100 for number in range(10_000)}),
    "no HTTP": lambda: Answer(raw=b"SSH-2.0-OpenSSH_9.6\r\n"),
    "an unknown status": lambda: Answer(999),
    "an information for ever": lambda: Answer(raw=b"HTTP/1.1 102 Processing\r\n\r\n" * 1000),
    "a redirect to itself": lambda: redirect("/_matrix/client/v3/sync"),
    "a redirect elsewhere": lambda: redirect("http://127.0.0.1:9/elsewhere"),
    "a redirect to a file": lambda: redirect("file:///etc/passwd", 301),
    "an error that is none": lambda: said({"errcode": 7, "error": ["x"], "retry_after_ms": "soon"}, 429),
    "a wait without end": lambda: limited(10.0**12),
    "a wait that is negative": lambda: limited(-5),
}

"""Messages of a WebSocket arrive the same whether they go through its parser or around it, however the bytes are cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import Protocol, State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from chat_tui_wschat.large_messages import LARGE, Intake, binary_frame

MOST = 3 * LARGE
WIDE = 70_000


class End:
    """One end of a connection after its handshake, with an Intake before its parser. `frames` is what came, in order."""

    def __init__(self, protocol: Protocol, largest: int = MOST) -> None:
        self.protocol = protocol
        self.frames: list[tuple[Opcode, bytes, bool]] = []
        self.around = 0
        self.intake = Intake(protocol, self._pass_on, self._deliver)
        self.intake.largest = largest

    def _pass_on(self, data: bytes) -> None:
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            if isinstance(event, Frame):
                self.frames.append((event.opcode, bytes(event.data), event.fin))

    def _deliver(self, frame: Frame) -> None:
        self.around += 1
        self.frames.append((frame.opcode, bytes(frame.data), frame.fin))

    def feed(self, data: bytes, cuts: Sequence[int] = ()) -> None:
        """Have these bytes come in, in pieces of at most these sizes, and then as they fit."""
        at, sizes = 0, iter(cuts)
        while at < len(data):
            space = self.intake.space()
            count = max(1, min(len(space), len(data) - at, next(sizes, len(space))))
            space[:count] = data[at : at + count]
            self.intake.filled(count)
            at += count


def server_end(largest: int = MOST, *, answers: bool = True) -> End:
    """A server that was asked, and has agreed."""
    end = End(ServerProtocol(max_size=1 << 20), largest)
    client = ClientProtocol(parse_uri("ws://127.0.0.1/"))
    client.send_request(client.connect())
    protocol, (asked,) = end.protocol, client.data_to_send()
    assert isinstance(protocol, ServerProtocol)
    protocol.receive_data(b"")
    end.intake.filled(_put(end.intake.space(), asked))
    if answers:
        protocol.send_response(protocol.accept(_request(asked)))
    return end


def client_end(largest: int = MOST) -> tuple[End, bytes]:
    """A client that asks, and what a server answers."""
    client, server = ClientProtocol(parse_uri("ws://127.0.0.1/"), max_size=1 << 20), ServerProtocol()
    request = client.connect()
    client.send_request(request)
    server.send_response(server.accept(request))
    (answer,) = server.data_to_send()
    return End(client, largest), answer


def _request(data: bytes) -> Request:
    server = ServerProtocol()
    server.receive_data(data)
    (event,) = server.events_received()
    assert isinstance(event, Request)
    return event


def _put(space: memoryview, data: bytes) -> int:
    space[: len(data)] = data
    return len(data)


@dataclass(frozen=True)
class Said:
    """A message: its kind, its length, and in how many frames it is sent."""

    opcode: Opcode
    length: int
    parts: int = 1

    def frames(self) -> Iterator[Frame]:
        """Its frames."""
        body = bytes(n % 251 for n in range(self.length))
        size = -(-self.length // self.parts) or 1
        pieces = [body[at : at + size] for at in range(0, self.length, size)] or [b""]
        for index, piece in enumerate(pieces):
            yield Frame(self.opcode if index == 0 else Opcode.CONT, piece, fin=index == len(pieces) - 1)


lengths = st.sampled_from([0, 1, 125, 126, LARGE - 1, LARGE, LARGE + 1, MOST, MOST + 1, WIDE])
data_messages = st.builds(Said, st.sampled_from([Opcode.TEXT, Opcode.BINARY]), lengths, st.integers(1, 3))
control = st.builds(Said, st.sampled_from([Opcode.PING, Opcode.PONG]), st.integers(0, 125))
cuts = st.lists(st.sampled_from([1, 2, 3, 7, 13, 100, 4_000, 30_000]), max_size=60)


@given(st.lists(data_messages | control, max_size=8), cuts, st.booleans())
def test_what_comes_is_what_was_sent_in_its_order(said: list[Said], sizes: list[int], masked: bool) -> None:  # D1, D2
    frames = [frame for message in said for frame in message.frames()]
    wire = b"".join(frame.serialize(mask=masked) for frame in frames)
    if masked:
        end = server_end()
    else:
        end, answer = client_end()
        wire = answer + wire
    end.feed(wire, sizes)
    assert end.frames == [(frame.opcode, frame.data, frame.fin) for frame in frames]
    whole = [frame for frame in frames if frame.opcode is Opcode.BINARY and frame.fin]
    assert end.around == sum(1 for frame in whole if LARGE <= len(frame.data) <= MOST)
    assert end.protocol.state is State.OPEN


@given(st.integers(0, 70_000), st.binary(max_size=40), st.booleans())
def test_a_frame_of_two_parts_is_one_message(length: int, head: bytes, masked: bool) -> None:  # D2
    body = bytes(n * 7 % 253 for n in range(length))
    end = server_end() if masked else client_end()[0]
    if not masked:
        end.feed(client_answer(end))
    end.feed(binary_frame(head, memoryview(body), masked=masked))
    assert end.frames == [(Opcode.BINARY, head + body, True)]


def client_answer(end: End) -> bytes:
    """What a server answers to this client."""
    client, server = end.protocol, ServerProtocol()
    assert isinstance(client, ClientProtocol)
    server.receive_data(b"".join(client.data_to_send()))
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    return b"".join(server.data_to_send())


def chunk(masked: bool = True, length: int = LARGE) -> bytes:
    """A large message on the wire."""
    return Frame(Opcode.BINARY, bytes(length)).serialize(mask=masked)


def test_nobody_gets_a_buffer_before_it_is_known_who_that_is() -> None:  # A23
    end = server_end(largest=0)
    end.feed(chunk())
    assert (end.around, len(end.frames)) == (0, 1)
    end.intake.largest = MOST
    end.feed(chunk())
    assert (end.around, len(end.frames)) == (1, 2)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (chunk(masked=False), 1002),
        (bytes((0x82 | 0x40,)) + chunk()[1:], 1002),
        (bytes((0x83,)) + chunk()[1:], 1002),
        (b"\x82\xff" + (1 << 40).to_bytes(8, "big") + bytes(4), 1009),
        (Frame(Opcode.TEXT, b"a", fin=False).serialize(mask=True) + chunk(), 1002),
    ],
)
def test_what_is_odd_is_for_the_parser(data: bytes, code: int) -> None:  # A23
    end = server_end()
    end.feed(data)
    assert end.around == 0
    assert end.protocol.state is State.CLOSING
    assert end.protocol.close_sent is not None
    assert end.protocol.close_sent.code == code
    end.feed(chunk())
    assert end.around == 0, "a closing connection takes nothing more"


def test_nothing_comes_after_the_end() -> None:  # A23
    end = server_end()
    end.feed(chunk() + Frame(Opcode.CLOSE, (1000).to_bytes(2, "big")).serialize(mask=True) + chunk())
    assert (end.around, [opcode for opcode, _, _ in end.frames]) == (1, [Opcode.BINARY, Opcode.CLOSE])


def test_frames_before_the_answer_and_an_answer_that_refuses_are_for_the_parser() -> None:  # A23
    early = server_end(answers=False)
    early.feed(chunk())
    assert early.around == 0
    end, _ = client_end()
    body = b"\x82\x7e\x10\x00" + b"n" * 20
    end.feed(b"HTTP/1.1 503 Busy\r\nContent-Length: 24\r\n\r\n" + body, [50, 1, 1])
    assert isinstance(end.protocol, ClientProtocol)
    assert "503" in str(end.protocol.handshake_exc)

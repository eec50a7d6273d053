"""Large binary messages of a WebSocket with few copies: read into one buffer, written in one piece.

`websockets` frames everything else. It hands a message on after five copies, which is nothing for what people say and
half of the work for the chunks of a file. So the bytes that come in are followed from frame to frame here, and a whole
binary message of a chunk's size goes around its parser, in its place among the others.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Final

from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, State

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without the compiled part
    from websockets.utils import apply_mask

LARGE: Final = 4096
"""Bytes from which a binary message goes around the parser."""

_AT_ONCE: Final = 1 << 15
"""Bytes that are read at once where it is not known what comes, or behind a message whose length is known."""

_LARGEST: Final = 1 << 22
_MOST_SPARE: Final = 2
_FINAL: Final = 0x80
_OPCODE: Final = 0x0F
_MASKED: Final = 0x80
_SHORT, _WIDE, _WIDEST = 125, 126, 127
_LONGEST_HEAD: Final = 14


class _Buffers(threading.local):
    """What all connections of one event loop read into: a loop has one thread, and takes what it read at once."""

    def __init__(self) -> None:
        self.plain = memoryview(bytearray(_AT_ONCE))
        self.spare: list[bytearray] = []
        self._warm = False

    def warm_up(self) -> None:
        """Let glibc keep what messages free for those that come next.

        It gives freed memory back to the system, and gets it anew page by page, unless a larger block was freed before.
        """
        if not self._warm:
            self._warm = True
            bytearray(_LARGEST)

    def take(self, size: int) -> bytearray:
        """Give a buffer of this many bytes, or more."""
        while self.spare:
            buffer = self.spare.pop()
            if len(buffer) >= size:
                return buffer
        return bytearray(size)

    def give_back(self, buffer: bytearray) -> None:
        """A buffer is needed no more."""
        if len(self.spare) < _MOST_SPARE:
            self.spare.append(buffer)


_buffers: Final = _Buffers()


class Intake:
    """Follows what comes in on one connection; `pass_on` is websockets' own way in, `deliver` takes a whole frame.

    `largest`: bytes of the largest message that may go around the parser. While it is 0 nobody can have a buffer made
    by a frame's head alone, so a server sets it once it knows who is there.
    """

    def __init__(self, protocol: Protocol, pass_on: Callable[[bytes], None], deliver: Callable[[Frame], None]) -> None:
        self.largest = 0
        self._protocol = protocol
        self._pass_on = pass_on
        self._deliver = deliver
        self._mask_bit = 0 if protocol.side.name == "CLIENT" else _MASKED
        self._tail: bytes | None = b""
        self._blind = False
        self._head = bytearray()
        self._skip = 0
        self._in_parts = False
        self._buffer = bytearray()
        self._have = 0
        self._wanted = 0
        self._key = b""

    def space(self) -> memoryview:
        """Where the next bytes are to be put."""
        if self._wanted:
            return memoryview(self._buffer)[self._have : self._wanted + _AT_ONCE]  # what follows may come, too
        return _buffers.plain

    def filled(self, count: int) -> None:
        """So many bytes were put there."""
        if not self._wanted:
            self._take(_buffers.plain[:count])
            return
        self._have += count
        after = bytes(memoryview(self._buffer)[self._wanted : self._have])
        self._end_if_whole()
        if after:
            self._take(memoryview(after))

    def _take(self, data: memoryview) -> None:
        at = 0
        if self._tail is not None:
            at = self._after_handshake(data)
            self._pass(data[:at])
            if at == len(data):
                return
        if self._blind or self._protocol.state is State.CONNECTING:
            self._blind = True  # an answer that refuses, or frames before it: for the parser alone
            self._pass(data[at:])
            return
        self._follow(data, at)

    def _after_handshake(self, data: memoryview) -> int:
        """Where the head of the HTTP message ends; the whole length while it does not."""
        before = self._tail or b""
        joined = before + bytes(data)
        end = joined.find(b"\r\n\r\n")
        if end < 0:
            self._tail = joined[-3:]
            return len(data)
        self._tail = None
        return end + 4 - len(before)

    def _follow(self, data: memoryview, at: int) -> None:
        """Go from frame to frame; what is not taken here is passed on, in order."""
        passed = at
        while at < len(data):
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                continue
            held = len(self._head)
            self._head += data[at : at + _LONGEST_HEAD - held]
            size, length = self._read_head()
            if not size:
                self._pass(data[passed:at])
                return  # the head goes on with the next bytes
            if length >= LARGE:  # what came before it may end everything
                self._pass(data[passed:at])
                passed = at
            if self._is_taken(length):
                at = passed = self._begin(data, at + size - held, size, length)
                continue
            self._leave(held, length)
            at += size - held
        self._pass(data[passed:at])

    def _leave(self, held: int, length: int) -> None:
        """A frame is for the parser, which has not seen `held` bytes of its head yet."""
        if held:
            self._pass_on(bytes(self._head[:held]))
        if self._head[0] & _OPCODE <= Opcode.BINARY:
            self._in_parts = not self._head[0] & _FINAL
        self._head.clear()
        self._skip = length

    def _read_head(self) -> tuple[int, int]:
        """How long the frame's head is, and its payload; (0, 0) while that cannot be told."""
        head = self._head
        if len(head) < 2:
            return 0, 0
        length = head[1] & ~_MASKED
        wide = {_WIDE: 2, _WIDEST: 8}.get(length, 0)
        size = 2 + wide + (4 if head[1] & _MASKED else 0)
        if len(head) < size:
            return 0, 0
        return size, int.from_bytes(head[2 : 2 + wide], "big") if wide else length

    def _is_taken(self, length: int) -> bool:
        """Whether the frame whose head is known goes around the parser: one whole message, and nothing odd about it."""
        return (
            LARGE <= length <= self.largest
            and self._head[0] == _FINAL | Opcode.BINARY
            and self._head[1] & _MASKED == self._mask_bit
            and not self._in_parts
            and self._protocol.state is State.OPEN
        )

    def _begin(self, data: memoryview, at: int, size: int, length: int) -> int:
        """Begin with a message, whose payload may have come in part; gives where the data after that begins."""
        if self._mask_bit:
            self._key = bytes(self._head[size - 4 : size])
        else:
            _buffers.warm_up()
        self._head.clear()
        self._buffer = _buffers.take(length + _AT_ONCE)
        self._wanted = length
        self._have = min(length, len(data) - at)
        self._buffer[: self._have] = data[at : at + self._have]
        end = at + self._have
        self._end_if_whole()
        return end

    def _end_if_whole(self) -> None:
        if self._have < self._wanted:
            return
        with memoryview(self._buffer)[: self._wanted] as payload:
            message = apply_mask(payload, self._key) if self._key else bytes(payload)
        _buffers.give_back(self._buffer)
        self._buffer = bytearray()
        self._wanted = self._have = 0
        self._deliver(Frame(Opcode.BINARY, message))

    def _pass(self, data: memoryview) -> None:
        if data:
            self._pass_on(bytes(data))


def binary_frame(head: bytes, body: bytes | memoryview, *, masked: bool) -> bytes:
    """One whole binary message of two parts, as it goes over the wire (RFC 6455, 5.2); a client's is masked."""
    length = len(head) + len(body)
    if length <= _SHORT:
        size = bytes((length | _MASKED * masked,))
    elif length < 1 << 16:
        size = bytes((_WIDE | _MASKED * masked,)) + length.to_bytes(2, "big")
    else:
        size = bytes((_WIDEST | _MASKED * masked,)) + length.to_bytes(8, "big")
    first = bytes((_FINAL | Opcode.BINARY,))
    if not masked:
        return b"".join((first, size, head, body))
    key = secrets.token_bytes(4)
    turn = len(head) % 4
    return b"".join((first, size, key, apply_mask(head, key), apply_mask(body, key[turn:] + key[:turn])))

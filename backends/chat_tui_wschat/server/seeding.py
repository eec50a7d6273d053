"""Made-up rooms and history for a demo, as writes to an empty or older storage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chat_tui_core.contract import SeedRoom
from chat_tui_core.errors import ConfigError
from chat_tui_wschat.frame_json import encode_object
from chat_tui_wschat.server.items import message
from chat_tui_wschat.server.storage import Append, Loaded, PutChannel, PutMember, PutUser, Write
from chat_tui_wschat.wire import channel_name_ok, user_name_ok


def seed_writes(rooms: Sequence[SeedRoom], loaded: Loaded) -> list[Write]:
    """Give what makes the rooms that are not there yet; the first member moderates. Their users have no password.

    Raises:
        ConfigError: a room or a user has a name that wschat does not allow.
    """
    numbers = {user.name: user.number for user in loaded.users}
    taken = {channel.name for channel in loaded.channels}
    first = max((channel.number for channel in loaded.channels), default=0) + 1
    new = [room for room in rooms if room.room_id not in taken]
    writes: list[Write] = []
    for room in new:
        if not channel_name_ok(room.room_id):
            raise ConfigError(f"{room.room_id!r} is no channel name: use 1 to 50 of a-z 0-9 _ - .")
        for name in [*room.members, *(line.sender for line in room.lines)]:
            if name not in numbers:
                if not user_name_ok(name):
                    raise ConfigError(f"{name!r} is no user name: use 3 to 32 of a-z 0-9 _ .")
                numbers[name] = len(numbers) + 1
                writes.append(PutUser(numbers[name], name, ""))
    for number, room in enumerate(new, first):
        writes.extend(_room(number, room, numbers))
    return writes


def _room(number: int, room: SeedRoom, numbers: dict[str, int]) -> Iterator[Write]:
    creator = numbers[room.members[0]] if room.members and room.room_id[0] != "@" else 0
    yield PutChannel(number, room.room_id, room.topic, creator, room.private, locked=False, base=0)
    for name in dict.fromkeys(room.members):
        yield PutMember(number, numbers[name])
    for pos, line in enumerate(room.lines, 1):
        body = encode_object(message(number, pos, line.sender, line.ts, {"text": line.text}))
        yield Append(number, pos, numbers[line.sender], spoken=True, body=body)

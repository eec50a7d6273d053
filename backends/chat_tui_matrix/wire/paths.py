"""Every request that is made of a homeserver, a function each. Times are milliseconds, "" is what is not told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chat_tui_matrix.wire.calls import LONG, SHORT, Download, Request, Upload
from chat_tui_matrix.wire.requesting import CLIENT, V1, as_json, delete, fields, get, path, post, put, query, room_path

SLIDING: Final = f"{CLIENT}/unstable/org.matrix.simplified_msc3575/sync"
LAZY: Final = '{"lazy_load_members":true}'
"""A filter that has a page of events bring the senders' member events along."""

Json = Mapping[str, Any]

# ---------------------------------------------------------------- the server, signing in


def versions() -> Request:
    """What the server speaks; asked before anybody signs in."""
    return get(f"{CLIENT}/versions", reads="versions", auth=False)


def well_known() -> Request:
    """Where a domain's homeserver is."""
    return get("/.well-known/matrix/client", auth=False)


def login_flows() -> Request:
    """How one can sign in."""
    return get(path("login"), auth=False)


def login(body: Json) -> Request:
    """Sign in. The same device_id each time: transaction ids hang on it."""
    return post(path("login"), body, reads="login", auth=False)


def logout() -> Request:
    """Have the server forget this device."""
    return post(path("logout"), {})


def refresh(token: str) -> Request:
    """A new access token for a refresh token."""
    return post(path("refresh"), {"refresh_token": token}, reads="refresh", auth=False)


def whoami() -> Request:
    """Whose token this is."""
    return get(path("account", "whoami"))


# ---------------------------------------------------------------- the stream


def sync(
    since: str,
    timeout_ms: int,
    filter: Json | str,  # noqa: A002 - the parameter's own name
    full_state: bool = False,
    set_presence: str = "",
) -> Request:
    """What is new since a token, or everything without one. `filter` is a filter or the id of an uploaded one."""
    whole = not since or full_state
    told = {
        "since": since,
        "timeout": max(0, timeout_ms),
        "filter": filter if isinstance(filter, str) else as_json(filter).decode() if filter else "",
        "full_state": "true" if full_state else "",
        "set_presence": set_presence,
    }
    timeout = _wait(timeout_ms, LONG if whole else SHORT)
    return get(path("sync"), told, reads="whole_sync" if whole else "sync", timeout=timeout)


def sliding_sync(pos: str, timeout_ms: int, body: Json) -> Request:
    """Simplified sliding sync (MSC4186, in the form that Synapse has)."""
    told = {"pos": pos, "timeout": max(0, timeout_ms)}
    return post(SLIDING, body, told, reads="sliding", timeout=_wait(timeout_ms, SHORT if pos else LONG))


def initial_sync(limit: int) -> Request:
    """S1's initialSync: every room with its last `limit` events."""
    return get(path("initialSync"), {"limit": max(0, limit)}, reads="initial_sync", timeout=LONG)


def events(since: str, timeout_ms: int, limit: int) -> Request:
    """S1's event stream: what comes after a token, oldest first."""
    told = {"from": since, "timeout": max(0, timeout_ms), "limit": max(1, limit)}
    return get(path("events"), told, reads="events", timeout=_wait(timeout_ms, SHORT))


def room_initial_sync(room: str, limit: int) -> Request:
    """S1's initialSync of one room."""
    return get(room_path(room, "initialSync"), {"limit": max(0, limit)}, reads="room_initial_sync", timeout=LONG)


def upload_filter(user: str, filter: Json) -> Request:  # noqa: A002 - the parameter's own name
    """Store a filter; the answer has its filter_id."""
    return post(path("user", user, "filter"), filter)


def _wait(timeout_ms: int, beside: float) -> float:
    """Seconds for a long poll: what the server may wait, and what its work takes."""
    return max(0, timeout_ms) / 1000 + beside


# ---------------------------------------------------------------- history and state


def messages(room: str, token: str, direction: str, limit: int, to: str = "") -> Request:
    """A page of history from a token on, "b" backwards or "f" forwards; without a token from the room's end.

    A limit below 1 would be answered by nothing for ever.
    """
    told = {"dir": direction, "from": token, "to": to, "limit": max(1, limit), "filter": LAZY}
    return get(room_path(room, "messages"), told, reads="page")


def context(room: str, event_id: str, limit: int) -> Request:
    """An event and `limit` around it."""
    return get(room_path(room, "context", event_id), {"limit": max(0, limit), "filter": LAZY}, reads="context")


def event(room: str, event_id: str) -> Request:
    """One event."""
    return get(room_path(room, "event", event_id), reads="event")


def relations(room: str, event_id: str, rel_type: str = "", token: str = "") -> Request:
    """What relates to an event, newest first: replies of a thread, edits, reactions. `token` is a page's end."""
    parts = ("relations", event_id, *([rel_type] if rel_type else ()))
    return get(room_path(room, *parts, version=V1), {"from": token, "dir": "b", "limit": 100}, reads="page")


def timestamp_to_event(room: str, ts: int, direction: str) -> Request:
    """The event that is nearest to a time, "b" before or "f" after it."""
    return get(room_path(room, "timestamp_to_event", version=V1), {"ts": max(0, ts), "dir": direction})


def members(room: str, not_membership: str = "leave") -> Request:
    """The member events of a room."""
    return get(room_path(room, "members"), {"not_membership": not_membership}, reads="members")


def joined_members(room: str) -> Request:
    """Who is in a room, with names."""
    return get(room_path(room, "joined_members"))


def joined_rooms() -> Request:
    """The ids of the rooms that we are in."""
    return get(path("joined_rooms"))


def state(room: str) -> Request:
    """All state of a room."""
    return get(room_path(room, "state"), reads="state")


def get_state(room: str, type: str, key: str) -> Request:  # noqa: A002 - the field's own word
    """The content of one piece of state."""
    return get(_state(room, type, key))


def room_summary(room: str, via: Sequence[str] = ()) -> Request:
    """What a room is, also one that we are only invited to (MSC3266)."""
    return get(path("room_summary", room, version=V1), _via(via))


# ---------------------------------------------------------------- doing things


def send(room: str, type: str, txn: str, content: Json) -> Request:  # noqa: A002 - the field's own word
    """Send an event; the same txn again gives the same event."""
    return put(room_path(room, "send", type, txn), content)


def redact(room: str, event_id: str, txn: str, reason: str) -> Request:
    """Take an event's content away; the same txn again is the same redaction."""
    return put(room_path(room, "redact", event_id, txn), fields(reason=reason))


def put_state(room: str, type: str, key: str, content: Json) -> Request:  # noqa: A002 - the field's own word
    """Set a piece of state; the same content again changes nothing."""
    return put(_state(room, type, key), content)


def _state(room: str, kind: str, key: str) -> str:
    return room_path(room, "state", kind, *([key] if key else ()))


def create_room(body: Json) -> Request:
    """Make a room. Made again, it is another one."""
    return post(path("createRoom"), body, timeout=LONG)


def join(room_or_alias: str, via: Sequence[str] = ()) -> Request:
    """Join a room; of the servers that know it the first is named. Repeating it does no harm."""
    return post(path("join", room_or_alias), {}, _via(via), timeout=LONG)


def knock(room_or_alias: str, reason: str, via: Sequence[str] = ()) -> Request:
    """Ask to be let in."""
    return post(path("knock", room_or_alias), fields(reason=reason), _via(via), timeout=LONG)


def _via(servers: Sequence[str]) -> dict[str, str]:
    """A server that knows the room, under the name of today and the one that older servers know."""
    return {"via": servers[0], "server_name": servers[0]} if servers else {}


def invite(room: str, user: str, reason: str = "") -> Request:
    """Invite somebody."""
    return post(room_path(room, "invite"), fields(user_id=user, reason=reason))


def kick(room: str, user: str, reason: str = "") -> Request:
    """Make somebody leave."""
    return post(room_path(room, "kick"), fields(user_id=user, reason=reason))


def ban(room: str, user: str, reason: str = "") -> Request:
    """Make somebody leave for good."""
    return post(room_path(room, "ban"), fields(user_id=user, reason=reason))


def unban(room: str, user: str, reason: str = "") -> Request:
    """Let somebody come again."""
    return post(room_path(room, "unban"), fields(user_id=user, reason=reason))


def leave(room: str, reason: str = "") -> Request:
    """Leave a room, or decline an invitation."""
    return post(room_path(room, "leave"), fields(reason=reason))


def forget(room: str) -> Request:
    """Have the server no longer list a room that was left."""
    return post(room_path(room, "forget"), {})


def receipt(room: str, event_id: str, thread: str = "") -> Request:
    """Say that everything up to an event was read, in a thread or ("main") outside of all."""
    return post(room_path(room, "receipt", "m.read", event_id), fields(thread_id=thread))


def read_markers(room: str, fully_read: str, read: str) -> Request:
    """Set our own marker, and the receipt that others see; "" leaves one alone."""
    return post(room_path(room, "read_markers"), fields(**{"m.fully_read": fully_read, "m.read": read}))


def typing(room: str, user: str, on: bool, timeout_ms: int) -> Request:
    """Say that we type, for so long, or that we no longer do."""
    body: Json = {"typing": True, "timeout": max(0, timeout_ms)} if on else {"typing": False}
    return put(room_path(room, "typing", user), body)


# ---------------------------------------------------------------- people and the directory


def presence(user: str, presence: str, text: str) -> Request:
    """Say whether we are there: online, unavailable, offline."""
    return put(path("presence", user, "status"), fields(presence=presence, status_msg=text))


def get_presence(user: str) -> Request:
    """Whether somebody is there."""
    return get(path("presence", user, "status"))


def profile(user: str) -> Request:
    """Somebody's name and picture."""
    return get(path("profile", user))


def set_display_name(user: str, name: str) -> Request:
    """Change our own name everywhere; "" takes it away."""
    return put(path("profile", user, "displayname"), {"displayname": name})


def user_search(term: str, limit: int) -> Request:
    """People whose name or id matches."""
    return post(path("user_directory", "search"), {"search_term": term, "limit": max(1, limit)})


def hierarchy(space: str, limit: int, token: str) -> Request:
    """What is in a space and in the spaces in it, a page of it."""
    return get(room_path(space, "hierarchy", version=V1), {"limit": max(1, limit), "from": token})


def public_rooms(search: str, limit: int, since: str, server: str) -> Request:
    """Rooms that could be joined, of this server or another one."""
    narrowed = fields(generic_search_term=search) or None
    return post(path("publicRooms"), fields(limit=max(1, limit), since=since, filter=narrowed), {"server": server})


def resolve_alias(alias: str) -> Request:
    """The room's id behind an alias."""
    return get(path("directory", "room", alias))


def set_alias(alias: str, room: str) -> Request:
    """Name a room by an alias."""
    return put(path("directory", "room", alias), {"room_id": room})


# ---------------------------------------------------------------- the account's own data


def tags(user: str, room: str) -> Request:
    """Where we want a room in the list."""
    return get(path("user", user, "rooms", room, "tags"))


def put_tag(user: str, room: str, tag: str) -> Request:
    """Put a room among the favourites (m.favourite) or the unimportant ones (m.lowpriority)."""
    return put(path("user", user, "rooms", room, "tags", tag), {})


def delete_tag(user: str, room: str, tag: str) -> Request:
    """Take a room out of those again."""
    return delete(path("user", user, "rooms", room, "tags", tag))


def account_data(user: str, kind: str, room: str = "") -> Request:
    """A piece of account data, of a room where one is named."""
    return get(_account_data(user, kind, room))


def put_account_data(user: str, kind: str, content: Json, room: str = "") -> Request:
    """Set a piece of account data."""
    return put(_account_data(user, kind, room), content)


def _account_data(user: str, kind: str, room: str) -> str:
    return path("user", user, *(("rooms", room) if room else ()), "account_data", kind)


def push_rule_room(room: str) -> Request:
    """The rule by which a room is mute, where there is one."""
    return get(_push_rule(room))


def put_push_rule_room(room: str) -> Request:
    """Make a room mute: no event of it notifies, whatever other rules say."""
    condition = {"kind": "event_match", "key": "room_id", "pattern": room}
    return put(_push_rule(room), {"conditions": [condition], "actions": ["dont_notify"]})


def delete_push_rule_room(room: str) -> Request:
    """Let a room notify again."""
    return delete(_push_rule(room))


def _push_rule(room: str) -> str:
    return path("pushrules", "global", "override", room)


# ---------------------------------------------------------------- files

MEDIA: Final = "/_matrix/media/v3"
"""Where uploads go, and what older servers (before 1.11) have for the rest."""

FAR: Final = 60.0
"""Seconds without a byte of a file that may come from another server."""


def media_config() -> Request:
    """How large an uploaded file may be."""
    return get(path("media", "config", version=V1))


def old_media_config() -> Request:
    """The same, of servers before 1.11."""
    return get(path("config", version=MEDIA))


def upload(name: str, body: Upload) -> Request:
    """Store a file; the answer names its address in content_uri. Made again, it is stored again."""
    told = query({"filename": name})
    return Request("POST", path("upload", version=MEDIA), told, reads="uploaded", timeout=LONG, upload=body)


def download(server: str, media: str, to: Download) -> Request:
    """Fetch a file, for whoever is signed in (1.11). Its server may have to fetch it from another one first."""
    return Request("GET", path("media", "download", server, media, version=V1), timeout=FAR, download=to)


def old_download(server: str, media: str, to: Download) -> Request:
    """The same, of servers before 1.11, which ask nobody who they are."""
    where = path("download", server, media, version=MEDIA)
    return Request("GET", where, {"allow_redirect": "false"}, timeout=FAR, auth=False, download=to)

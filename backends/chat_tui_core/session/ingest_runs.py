"""Put lines together that came one by one, so that a crowd costs the store a few statements and not a few each.

Only what no one can tell apart afterwards is put together: others' live lines of one room that follow each other in its
order. Rooms do not care in which order they get theirs; everything else stays where it stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chat_tui_core.news import Arrived, News


def joined(news: Iterable[News], me: str) -> Iterator[tuple[News, list[Arrived]]]:
    """Give what is to be applied, in order, each with the lines that it was made of (none: it came like this)."""
    open_runs: dict[str, list[Arrived]] = {}
    for item in news:
        if not isinstance(item, Arrived) or not _plain(item, me):
            yield from map(_as_one, open_runs.values())
            open_runs.clear()
            yield item, []
            continue
        run = open_runs.setdefault(item.room_id, [])
        if run and item.events[0].order != run[-1].events[-1].order + 1:
            yield _as_one(run)
            open_runs[item.room_id] = [item]
        else:
            run.append(item)
    yield from map(_as_one, open_runs.values())


def _plain(item: Arrived, me: str) -> bool:
    """Whether it is live talk of others, with nothing missing before it; what a backend got wrong stays by itself."""
    if not item.live or item.token or not item.events:
        return False
    return not any(event.action_id or event.sender == me or type(event.order) is not int for event in item.events)


def _as_one(run: list[Arrived]) -> tuple[News, list[Arrived]]:
    if len(run) == 1:
        return run[0], []
    return Arrived(run[0].room_id, tuple(event for item in run for event in item.events)), run

"""A console without a browser: what it shows after the events that it was sent."""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.house import Json

# Newest facts come in letters of their own (tile, presence), counts with the list of sessions.
NEWEST = {"live", "last_frame_at", "next_frame_ms", "has_still", "online"}
COUNTS = {"candidates_in_room", "open_incidents", "unreviewed_incidents"}
_KINDS = {
    "candidate_changed": ("candidates", "candidate"),
    "incident_changed": ("incidents", "incident"),
    "message": ("messages", "message"),
    "gap": ("gaps", "gap"),
}


def shown(snapshot: Json) -> Json:
    """A snapshot as far as events tell it: things by their kind and id."""
    found: Json = {"session": _without(snapshot["session"], COUNTS)}
    for name, _ in _KINDS.values():
        found[name] = {each["id"]: _without(each, NEWEST) for each in snapshot[name]}
    return found


def replayed(letters: Iterable[Json], opened: Json) -> Json:
    """The same from the events alone, as the console's page applies them.

    `opened`: the session as it was before the first of them.
    """
    found: Json = {"session": _without(opened, COUNTS)}
    found |= {name: {} for name, _ in _KINDS.values()}
    for letter in letters:
        event = letter["event"]
        if event["kind"] == "session_changed":
            found["session"] = _without(event["session"], COUNTS)
        else:
            name, field = _KINDS[event["kind"]]
            found[name][event[field]["id"]] = _without(event[field], NEWEST)
    return found


def _without(thing: Json, names: set[str]) -> Json:
    return {name: value for name, value in thing.items() if name not in names}

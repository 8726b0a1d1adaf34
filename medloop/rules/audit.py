"""An audit trail that cannot be changed unseen: every entry holds the hash of the one before it.

Each process writes a chain of its own, so that no two ever wait for each other; a chain begins with the hash
of the entry that was the newest of all. Whoever changes or removes an entry breaks its chain, or the
beginning of a later one.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

FIRST = "0" * 64
"""What stands before the very first entry."""


@dataclass(frozen=True)
class Entry:
    """Who asked for what, when, and whether it was allowed. Ids only: nothing here may name a patient."""

    chain: str
    number: int
    """From 0 in its chain."""
    at: datetime
    actor: str
    role: str
    operation: str
    project: str | None
    subject: str | None
    """What it was done to: the id of an image, prediction, job, model or person."""
    outcome: str
    """`allowed`, `refused` or `hidden`."""
    request: str
    """The request's id, which the logs carry as well."""
    previous: str


def hash_of(entry: Entry) -> str:
    """SHA-256 over every field, so that no field can be changed without changing the hash.

    >>> len(hash_of(Entry("c", 0, datetime(2026, 1, 1, tzinfo=UTC), "a", "admin", "o", None, None, "allowed",
    ...                   "r", FIRST)))
    64
    """
    fields = {**vars(entry), "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds")}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def flaws(entries: Iterable[tuple[Entry, str]]) -> Iterator[str]:
    """What is wrong with a trail of (entry, stored hash), by chain and number; nothing where it is whole."""
    rows = list(entries)
    known = {FIRST, *(stored for _, stored in rows)}
    before: dict[str, tuple[int, str]] = {}
    for entry, stored in rows:
        number, previous = before.get(entry.chain, (-1, entry.previous))
        place = f"{entry.chain}/{entry.number}"
        if hash_of(entry) != stored:
            yield f"{place} was changed"
        if entry.number != number + 1 or entry.previous != previous:
            yield f"something before {place} was removed"
        elif entry.number == 0 and entry.previous not in known:
            yield f"the entry that {place} begins with was removed"
        before[entry.chain] = (entry.number, stored)

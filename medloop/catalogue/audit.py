"""The audit trail as it is stored: rows are added, and never touched again."""

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from medloop.catalogue.connection import Catalogue
from medloop.catalogue.rows import changed, many, one
from medloop.catalogue.secret import Connection
from medloop.rules.audit import FIRST, Entry, hash_of


@dataclass(frozen=True)
class AuditRow(Entry):
    """An entry with the hash that was stored of it."""

    hash: str

    @property
    def entry(self) -> Entry:
        return Entry(**{name: value for name, value in asdict(self).items() if name != "hash"})


APPEND = """
INSERT INTO audit (chain, number, at, actor, role, operation, project, subject, outcome, request, previous,
                   hash)
VALUES (%(chain)s, %(number)s, %(at)s, %(actor)s, %(role)s, %(operation)s, %(project)s, %(subject)s,
        %(outcome)s, %(request)s, %(previous)s, %(hash)s)
ON CONFLICT (chain, number) DO NOTHING"""

NEWEST = "SELECT * FROM audit ORDER BY at DESC, chain, number DESC LIMIT 1"

WHOLE = "SELECT * FROM audit ORDER BY chain, number"


class Trail:
    """One process's chain. Not for several threads."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._chain = uuid.uuid4().hex
        self._number = 0
        self._previous: str | None = None

    def record(self, asked: Entry) -> None:
        """Store what was asked at the end of the chain; it counts once the transaction is through."""
        entry = self._catalogue.run(lambda conn: self._append(conn, asked))
        self._number, self._previous = entry.number + 1, hash_of(entry)

    def _append(self, conn: Connection, asked: Entry) -> Entry:
        if self._previous is None:
            newest = one(conn, AuditRow, NEWEST, {})
            self._previous = FIRST if newest is None else newest.hash
        entry = replace(asked, chain=self._chain, number=self._number, previous=self._previous)
        changed(conn, APPEND, {**vars(entry), "hash": hash_of(entry)})
        return entry


def asked(
    at: datetime,
    actor: str,
    role: str,
    operation: str,
    project: str | None,
    subject: str | None,
    outcome: str,
    request: str,
) -> Entry:
    """An entry that has no place yet."""
    # Stored times have microseconds: the hash must be of what will be read.
    at = at.astimezone(UTC)
    return Entry("", 0, at, actor, role, operation, project, subject, outcome, request, FIRST)


def whole_trail(conn: Connection) -> list[AuditRow]:
    """By chain and number."""
    return many(conn, AuditRow, WHOLE, {})

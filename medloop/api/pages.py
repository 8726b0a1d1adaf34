"""Lists, page by page: a cursor is where the last page ended, and holds whatever is added meanwhile."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BaseModel, ConfigDict

from medloop.api.problems import FieldProblem, unusable
from medloop.catalogue.pages import Position

Item = TypeVar("Item")
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=200, description="Items on a page.")]
Cursor = Annotated[
    str, Query(max_length=500, pattern=r"^[A-Za-z0-9_-]*$", description="`next` of the page before.")
]

DEFAULT = 50

BEGINNING = datetime.min.replace(tzinfo=UTC)
"""The moment of rows that have none."""


class Page(BaseModel, Generic[Item]):
    model_config = ConfigDict(frozen=True)

    items: list[Item]
    next: str | None = None
    """The cursor of the next page; null on the last."""


def position_of(cursor: str) -> Position | None:
    """Where to go on; None at the beginning.

    Raises:
        Problem: the cursor is none of ours.
    """
    if not cursor:
        return None
    try:
        at, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return Position(datetime.fromisoformat(at), str(key))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise unusable(
            "invalid-cursor",
            "The cursor is not one that this list gave.",
            "Begin again without a cursor.",
            FieldProblem(field="query.cursor", problem="unknown"),
        ) from None


def cursor_of(position: Position) -> str:
    text = json.dumps([position.at.isoformat(), position.key])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def page_of(
    rows: Sequence[Row], limit: int, position: Callable[[Row], Position], item: Callable[[Row], Item]
) -> Page[Item]:
    """Of up to `limit` + 1 rows: one more than is shown tells that there is another page."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(items=[item(row) for row in shown], next=cursor_of(position(shown[-1])) if more else None)


def page_of_all(
    rows: Sequence[Row], limit: int, cursor: str, key: Callable[[Row], str], item: Callable[[Row], Item]
) -> Page[Item]:
    """Of a list that is short enough to be read whole; `key` tells its rows apart.

    Raises:
        Problem: the cursor is none of ours, or where it was is no more.
    """
    after = position_of(cursor)
    start = 0
    if after is not None:
        keys = [key(row) for row in rows]
        if after.key not in keys:
            raise unusable(
                "invalid-cursor", "Where the last page ended is no more.", "Begin again without a cursor."
            )
        start = keys.index(after.key) + 1
    rest = rows[start : start + limit + 1]
    return page_of(rest, limit, lambda row: Position(BEGINNING, key(row)), item)

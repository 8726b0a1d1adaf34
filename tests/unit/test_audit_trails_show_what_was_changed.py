"""Whoever changes or removes a row of the audit trail breaks the chain of hashes, and it shows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from medloop.rules.audit import FIRST, Entry, flaws, hash_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
FIELDS = ("actor", "role", "operation", "project", "subject", "outcome", "request", "at")

Trail = list[tuple[Entry, str]]


def chained(lengths: list[int]) -> Trail:
    """Chains one after the other, each begun with the newest row of all."""
    trail: Trail = []
    newest = FIRST
    for chain, length in enumerate(lengths):
        for number in range(length):
            at = AT + timedelta(seconds=len(trail))
            entry = Entry(
                f"{chain}", number, at, "ada", "admin", "get_image", "chest", "1f", "allowed", "r", newest
            )
            newest = hash_of(entry)
            trail.append((entry, newest))
    return trail


lengths = st.lists(st.integers(1, 6), min_size=1, max_size=5)


@given(lengths)
def test_an_untouched_trail_has_no_flaw(lengths: list[int]) -> None:
    assert list(flaws(chained(lengths))) == []


@given(lengths, st.data())
def test_a_changed_field_shows(lengths: list[int], data: st.DataObject) -> None:
    trail = chained(lengths)
    place = data.draw(st.integers(0, len(trail) - 1))
    field = data.draw(st.sampled_from(FIELDS))
    entry, stored = trail[place]
    other = AT - timedelta(days=1) if field == "at" else "somebody else"
    trail[place] = (replace(entry, **{field: other}), stored)
    assert list(flaws(trail))


@given(lengths, st.data())
def test_a_row_that_was_changed_with_its_hash_shows_at_the_next(
    lengths: list[int], data: st.DataObject
) -> None:
    trail = chained([*lengths, 1])
    place = data.draw(st.integers(0, len(trail) - 2))
    forged = replace(trail[place][0], actor="somebody else")
    trail[place] = (forged, hash_of(forged))
    assert list(flaws(trail))


@given(lengths, st.data())
def test_a_removed_row_shows(lengths: list[int], data: st.DataObject) -> None:
    trail = chained([*lengths, 1])
    del trail[data.draw(st.integers(0, len(trail) - 2))]
    assert list(flaws(trail))


def test_what_only_the_newest_row_could_tell_is_not_noticed() -> None:
    """The limit: nothing refers to the very last row yet."""
    assert list(flaws(chained([3])[:-1])) == []

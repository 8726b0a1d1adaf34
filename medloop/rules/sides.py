"""The side of the split that a patient is on, for ever: learnt from, chosen by, or judged on."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from events.dataset import Split

TEST_SHARE = 0.15
VALIDATION_SHARE = 0.15


def split_of(project: str, group: str) -> Split:
    """The side a patient is on when nobody says otherwise: it depends on nothing that grows.

    Every image of a group lands on one side, so no patient is both learnt from and judged on, and a
    test image stays a test image in every later version: the test split is locked.
    """
    position = position_of(project, group)
    if position < TEST_SHARE:
        return "test"
    return "validation" if position < TEST_SHARE + VALIDATION_SHARE else "train"


def position_of(project: str, group: str) -> float:
    """0 to 1: as good as random, but always the same for one patient of a project."""
    digest = hashlib.sha256(f"{project}\0{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


@dataclass(frozen=True)
class Sides:
    """`of` is group → side; `conflicting` are the groups for which a CSV asks the impossible."""

    of: dict[str, Split]
    conflicting: frozenset[str]


def settle(project: str, asked: Iterable[tuple[str, Split | None]], settled: Mapping[str, Split]) -> Sides:
    """Give every patient one side.

    `asked` has a (group, side or None) for each image, as its label says; `settled` are the sides that
    patients had in earlier dataset versions. A patient whose labels name two sides, or another one than
    it has had, gets none.
    """
    wishes: dict[str, set[Split]] = defaultdict(set)
    for group, side in asked:
        wishes[group] |= {side} if side is not None else set()
    of: dict[str, Split] = {}
    for group, sides in wishes.items():
        allowed = sides | ({settled[group]} if group in settled else set())
        if len(allowed) < 2:
            of[group] = next(iter(allowed), split_of(project, group))
    return Sides(of, frozenset(wishes.keys() - of.keys()))

"""Sides for images that nobody has dealt yet: patients stay together, every class is on every side."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from events.dataset import Split
from medloop.rules import candidates
from medloop.rules.datasets import MOST_LOCKED
from medloop.rules.sides import position_of
from medloop.workbench.example import Example, LeftOut
from medloop.workbench.failures import Unusable


@dataclass(frozen=True)
class Shares:
    """Parts of the patients, together 1."""

    train: float
    validation: float
    test: float

    def of(self, side: Split) -> float:
        return {"train": self.train, "validation": self.validation, "test": self.test}[side]


_HELD_OUT: Final[tuple[Split, ...]] = ("test", "validation")


def parse_shares(text: str) -> Shares:
    """`80/10/10`: train, validation, test, in any unit.

    Raises:
        Unusable: not three numbers above 0.
    """
    try:
        train, validation, test = (float(part) for part in text.split("/"))
    except ValueError:
        train = validation = test = 0.0
    whole = train + validation + test
    if not (min(train, validation, test) > 0 and whole < float("inf")):
        raise Unusable(f"--split {text} is no split", "write train, validation and test like 80/10/10")
    return Shares(train / whole, validation / whole, test / whole)


def settle(
    examples: Sequence[Example], project: str, shares: Shares
) -> tuple[dict[str, Split], list[Example], list[LeftOut]]:
    """Group → side, the examples that stay, and those that do not, with the reason.

    Where a patient or a picture is asked onto two sides, it stays on the most locked one: test images are
    never given up. Of copies with no side of their own one is kept.
    """
    kept, left = _without_copies(examples)
    sides = _asked(kept)
    staying = [one for one in kept if one.side in (None, sides.get(one.group))]
    reason = candidates.Left.CONFLICTING_SPLIT.value
    left += [LeftOut(one.image.path, reason) for one in kept if one.side not in (None, sides.get(one.group))]
    shown = _shown(staying)
    sides |= deal({group: shown[group] for group in shown.keys() - sides.keys()}, project, shares)
    for carve in (_carved, _spared):
        lacking = [side for side in _HELD_OUT if side not in sides.values()]
        training = {group: names for group, names in shown.items() if sides[group] == "train"}
        sides |= carve(training, project, shares, lacking)
    return sides, staying, left


def deal(
    shown: Mapping[str, frozenset[str]],
    project: str,
    shares: Shares,
    onto: Sequence[Split] = _HELD_OUT,
) -> dict[str, Split]:
    """Each group's side; `shown` is group → what its images show.

    Groups of the same rarest class are dealt among themselves, in the order of the product's own rule
    (medloop.rules.sides), so that a class is on every side as soon as three groups have it. Classes of two
    groups are tested or validated by turns, or else many of them would leave one of these sides empty.
    """
    sides: dict[str, Split] = {}
    turns = cycle(onto)
    for _, groups in sorted(_strata(shown).items()):
        order = sorted(groups, key=lambda group: (position_of(project, group), group))
        held = [next(turns)] if len(order) == 2 else onto
        for number, side in enumerate(held):
            # One at least is for each side that comes after, training among them.
            most = max(0, len(order) - (len(held) - number))
            chosen = order[: min(_count(len(groups), shares.of(side)), most)]
            sides |= dict.fromkeys(chosen, side)
            order = order[len(chosen) :]
        sides |= dict.fromkeys(order, "train")
    return sides


def _count(groups: int, share: float) -> int:
    return max(1, round(groups * share))


def _strata(shown: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    """Groups by the rarest thing that they show."""
    numbers = Counter(name for names in shown.values() for name in names)
    strata: dict[str, list[str]] = defaultdict(list)
    for group, names in shown.items():
        strata[min(names, key=lambda name: (numbers[name], name), default="")].append(group)
    return strata


def _carved(
    training: Mapping[str, frozenset[str]], project: str, shares: Shares, lacking: Sequence[Split]
) -> dict[str, Split]:
    """Where a split was given without one of the sides, it is taken from the training images."""
    return deal(training, project, shares, lacking) if lacking else {}


def _spared(
    training: Mapping[str, frozenset[str]], project: str, shares: Shares, lacking: Sequence[Split]
) -> dict[str, Split]:
    """Where every class is too rare to be dealt: what training can do without, whatever it shows."""
    numbers = Counter(name for names in training.values() for name in names)
    sides: dict[str, Split] = {}
    for side in lacking:
        wanted = _count(len(training), shares.of(side))
        for group in sorted(training.keys() - sides.keys(), key=lambda group: position_of(project, group)):
            if wanted and all(numbers[name] > 1 for name in training[group]):
                numbers.subtract(training[group])
                sides[group] = side
                wanted -= 1
    return sides


def _shown(examples: Iterable[Example]) -> dict[str, frozenset[str]]:
    names: dict[str, set[str]] = defaultdict(set)
    for one in examples:
        names[one.group].update(one.shows)
    return {group: frozenset(found) for group, found in names.items()}


def _asked(examples: Iterable[Example]) -> dict[str, Split]:
    wishes: dict[str, set[Split]] = defaultdict(set)
    for one in examples:
        if one.side is not None:
            wishes[one.group].add(one.side)
    return {group: min(sides, key=MOST_LOCKED.index) for group, sides in wishes.items()}


def _without_copies(examples: Iterable[Example]) -> tuple[list[Example], list[LeftOut]]:
    copies: dict[str, list[Example]] = defaultdict(list)
    for one in examples:
        copies[one.image.sha256].append(one)
    kept: list[Example] = []
    left: list[LeftOut] = []
    for same in copies.values():
        staying, reason = _of_copies(same)
        kept += staying
        left += [LeftOut(one.image.path, reason) for one in same if one not in staying]
    return kept, left


def _of_copies(same: list[Example]) -> tuple[list[Example], str]:
    """Those that stay of examples with the same pixels, and why the others do not."""
    asked = [one for one in same if one.side is not None]
    if asked:
        # A published split stays whole, copies within one side included: its numbers are compared.
        best = min((one.side for one in asked if one.side), key=MOST_LOCKED.index)
        return [one for one in asked if one.side == best], candidates.Left.DUPLICATE.value
    if len({(one.labels, one.mask.sha256 if one.mask else "") for one in same}) > 1:
        return [], candidates.Left.AMBIGUOUS_LABEL.value
    return same[:1], candidates.Left.DUPLICATE.value

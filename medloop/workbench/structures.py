"""The structures that masks show: their names, and their values in the masks that a job reads."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medloop.workbench.classes import class_name, class_names
from medloop.workbench.failures import Unusable

BACKGROUND = 0
HIGHEST = 255
"""In a mask."""


@dataclass(frozen=True)
class Structures:
    names: tuple[str, ...]
    """The first is 1 in every mask, the second 2."""
    values: dict[int, int]
    """Value in the masks as they are → value in the masks as a job reads them; only where one differs."""


def written_names(folder: Path) -> dict[int, str] | None:
    """Value → name, as `classes.txt` or nnU-Net's or the Decathlon's `dataset.json` say; None without them.

    Raises:
        Unusable: the file says something else.
    """
    if (folder / "classes.txt").is_file():
        return dict(enumerate(class_names(folder / "classes.txt"), start=1))
    if (folder / "dataset.json").is_file():
        return _of_dataset(folder / "dataset.json")
    return None


def _of_dataset(file: Path) -> dict[int, str] | None:
    try:
        content: Any = json.loads(file.read_bytes())
        labels = content.get("labels")
    except (ValueError, AttributeError):
        raise Unusable(f"{file} is no JSON object", "mend or remove it") from None
    if not isinstance(labels, Mapping):
        return None
    try:
        pairs = [(int(key), str(value)) for key, value in labels.items() if str(key).isdigit()]
        pairs += [(int(value), str(key)) for key, value in labels.items() if not str(key).isdigit()]
    except (TypeError, ValueError):
        raise Unusable(
            f"{file}: a label has several values", "regions that overlap are not supported"
        ) from None
    if strange := [value for value, _ in pairs if not BACKGROUND <= value <= HIGHEST]:
        raise Unusable(f"{file} names the value {strange[0]}", f"masks hold values from 0 to {HIGHEST}")
    return {value: class_name(name) for value, name in sorted(pairs) if value != BACKGROUND}


def unnamed(value: int) -> str:
    """What a structure is called where nobody names it."""
    return f"structure {value}"


def name_structures(present: Collection[int], names: Mapping[int, str] | None) -> Structures:
    """`present` are the values above 0 in any mask; names that no mask shows stay.

    Raises:
        Unusable: there are none, or the names do not fit them.
    """
    if not present:
        raise Unusable("every mask is empty", f"structures have whole values from 1 to {HIGHEST} in masks")
    order = sorted(present)
    if names is None:
        called = {value: unnamed(value) for value in order}
        return _numbered(called if len(called) > 1 else {order[0]: unnamed(1)})
    if set(order) <= names.keys():
        return _numbered(names)
    if len(order) == len(names):
        # Painting programs write 255, or 85, 170, 255: what counts is the order.
        return _numbered(dict(zip(order, names.values(), strict=True)))
    strange = ", ".join(str(value) for value in order if value not in names)
    raise Unusable(f"masks have the value {strange}, which no name is given for", "name every value")


def _numbered(names: Mapping[int, str]) -> Structures:
    if len(set(names.values())) < len(names):
        raise Unusable("two structures have one name", "give each a name of its own")
    values = {value: number for number, value in enumerate(sorted(names), start=1)}
    is_plain = all(value == number for value, number in values.items())
    return Structures(tuple(names[value] for value in sorted(names)), {} if is_plain else values)

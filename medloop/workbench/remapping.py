"""Masks whose values are not 1, 2, 3 …: written anew, so that a value is a structure's number."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.picture import Picture, Volume
from medloop.imaging.volumes import decode_volume
from medloop.workbench.encoding import PICTURE, encode
from medloop.workbench.example import Example, Stored
from medloop.workbench.spool import Spool, Spooled
from medloop.workbench.tree import Tree


def with_values(examples: list[Example], values: Mapping[int, int], tree: Tree) -> list[Example]:
    """The same examples; `values` says what becomes of each value in a mask, nothing where none changes."""
    if not values:
        return examples
    table = np.zeros(256, np.float32)
    table[list(values)] = list(values.values())
    with Spooled(tree.spool) as spooled, Spool(tree.spool, "masks") as spool:
        return [replace(one, mask=_written(one.mask, table, spooled, spool)) for one in examples]


def _written(
    mask: Stored | None, table: NDArray[np.float32], spooled: Spooled, spool: Spool
) -> Stored | None:
    if mask is None:
        return None
    _, content = encode(_with(spooled.read(mask.place), mask.ending, table))
    marks = tuple(int(table[mark]) for mark in mask.marks)
    return replace(mask, place=spool.keep(content), sha256=hashlib.sha256(content).hexdigest(), marks=marks)


def _with(content: bytes, ending: str, table: NDArray[np.float32]) -> Picture | Volume:
    if ending == PICTURE:
        return Picture(table[np.load(BytesIO(content), allow_pickle=False)], {"channels": 1})
    volume = decode_volume(content)
    return Volume(table[volume.values.astype(np.uint8)], volume.affine, {"channels": 1})

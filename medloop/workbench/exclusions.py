"""Files that are not trained on, told to their owner: a line each in left-out.jsonl, a line on the screen."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from medloop.rules.candidates import SENTENCES, Left
from medloop.rules.reasons import Reason
from medloop.workbench.example import LeftOut

NO_IMAGE: Final = "no_image"
MASK_COLOURS: Final = "mask_colours"
MASK_LOSSY: Final = "mask_lossy"
MASK_VALUES: Final = "mask_values"
MASK_IN_CLASS: Final = "mask_in_class"
MASK_LEFT_OUT: Final = "mask_left_out"
IMAGE_LEFT_OUT: Final = "image_left_out"

_SENTENCES: Final[Mapping[str, str]] = {
    Reason.MISPLACED: "it lies in no class folder",
    Left.WRONG_DIMENSIONS: "it is neither one picture nor one volume: of several times or contrasts keep one",
    Left.UNLABELLED: "no table names it",
    Left.UNMASKED: "no mask is called as it is",
    NO_IMAGE: "no image is called as this mask is",
    MASK_LEFT_OUT: "its mask is there, and is left out itself",
    IMAGE_LEFT_OUT: "the image of this mask is there, and is left out itself",
    MASK_IN_CLASS: "it is the mask of an image of this class: images/ beside labels/ teaches structures",
    MASK_COLOURS: "a mask has one grey value for each structure, and this one is in colour",
    MASK_LOSSY: "JPEG blurs the values of a mask: save it as PNG, TIFF or NIfTI",
    MASK_VALUES: "a mask holds whole numbers from 0 to 255, and this one holds others",
}


def sentence_of(reason: str) -> str:
    """Of a folder here; else as the platform says it."""
    if reason in _SENTENCES:
        return _SENTENCES[reason]
    if reason in set(Left):
        return SENTENCES[Left(reason)]
    if reason in set(Reason):
        return Reason(reason).explanation.sentence
    # The kind of an error, or the signal that ended whoever read it.
    return "reading it failed"


def write_left_out(left: Iterable[LeftOut], file: Path) -> None:
    """Names of the owner's own files, in the owner's own folder."""
    lines = (
        json.dumps({"path": one.path, "reason": one.reason, "why": sentence_of(one.reason)}) for one in left
    )
    file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def count_reasons(left: Iterable[LeftOut]) -> dict[str, int]:
    return dict(sorted(Counter(one.reason for one in left).items()))


def summary(counts: Mapping[str, int]) -> str:
    """`1 duplicate, 3 truncated`"""
    return ", ".join(f"{count} {reason}" for reason, count in counts.items())

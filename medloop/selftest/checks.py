"""What can be asked of an accepted file: each check yields a sentence per surprise."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from medloop.imaging.picture import Facts, Volume
from medloop.intake import Prepared
from medloop.rules.project import Project
from medloop.rules.reasons import Refused
from medloop.selftest.forge.dicom import CANARY, UID_ROOT

Check = Callable[[Prepared], Iterator[str]]


def always(project: Project, again: Callable[[bytes], Prepared | None]) -> tuple[Check, ...]:
    """Holds for every accepted file, whatever else its case asks; `again` takes in the clean file."""
    leaks = [CANARY] if project.deidentification.retain_uids else [CANARY, UID_ROOT]
    return (clean_lacks(*leaks), clean_reads_alike(again))


def values(expected: ArrayLike, within: float = 0.0) -> Check:
    """The pixels, in modality units, to an absolute deviation."""
    wanted = np.asarray(expected, dtype=np.float32)

    def check(prepared: Prepared) -> Iterator[str]:
        found = prepared.image.values
        if found.dtype != np.float32:
            yield f"values are {found.dtype}"
        if found.shape != wanted.shape:
            yield f"shape is {found.shape}, not {wanted.shape}"
        elif (apart := float(np.abs(found - wanted).max())) > within:
            yield f"values are up to {apart:g} apart"

    return check


def affine(expected: ArrayLike, within: float = 1e-3) -> Check:
    """Voxels to millimetres, RAS+."""

    def check(prepared: Prepared) -> Iterator[str]:
        if not isinstance(prepared.image, Volume):
            yield "is no volume"
        elif not np.allclose(prepared.image.affine, np.asarray(expected), atol=within):
            yield f"affine is {prepared.image.affine.round(4).tolist()}"

    return check


def deviations(*words: str) -> Check:
    """Exactly these are recorded as repaired."""

    def check(prepared: Prepared) -> Iterator[str]:
        recorded = str(prepared.facts.get("deviations", ""))
        if recorded != ",".join(sorted(words)):
            yield f"deviations are {recorded or 'none'}, not {','.join(sorted(words)) or 'none'}"

    return check


def frames(count: int) -> Check:
    """So many frames, each with its place."""

    def check(prepared: Prepared) -> Iterator[str]:
        found = () if isinstance(prepared.image, Volume) else prepared.image.frames
        if len(found) != count:
            yield f"{len(found)} frames are described, not {count}"

    return check


def clean(says: str, holds: Callable[[bytes], bool]) -> Check:
    """Anything about the file without identifiers."""

    def check(prepared: Prepared) -> Iterator[str]:
        if not holds(prepared.clean):
            yield f"the clean file does not {says}"

    return check


def clean_lacks(*texts: str) -> Check:
    """None of the texts is left in any place or encoding of the clean file."""
    spelt = [text.encode(encoding) for text in texts for encoding in ("latin-1", "utf-16-le", "utf-16-be")]

    def check(prepared: Prepared) -> Iterator[str]:
        found = [text for text in spelt if text in prepared.clean]
        if found:
            at = prepared.clean.index(found[0])
            yield f"the clean file holds an identifier at byte {at}"

    return check


def clean_reads_alike(again: Callable[[bytes], Prepared | None]) -> Check:
    """De-identification touches no pixel: the clean file is taken in like any other, with the same values."""

    def check(prepared: Prepared) -> Iterator[str]:
        try:
            clean = again(prepared.clean)
        except Refused as refusal:
            yield f"the clean file is refused: {refusal.reason} {refusal.facts}"
            return
        if clean is None or not np.array_equal(clean.image.values, prepared.image.values):
            yield "the clean file has other values"

    return check


def no_identifiers(facts: Facts) -> Iterator[str]:
    """Facts are numbers and closed words: they are shown, logged and counted."""
    for name, fact in facts.items():
        if not isinstance(fact, int | float | str):
            yield f"fact {name} is a {type(fact).__name__}"
        elif CANARY in str(fact) or UID_ROOT in str(fact):
            yield f"fact {name} holds an identifier"

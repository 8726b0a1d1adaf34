"""Whole collections beside dcm2niix's volumes, moment by moment: `python -m benchmarks.conversions FOLDER…`.

A folder holds `In` and `Ref`, as the `dcm_qa_*` repositories do. dcm2niix stacks what was taken with several
b-values into one file and medloop does not, so that every moment of a reference is looked for by itself.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from nibabel import as_closest_canonical, load
from nibabel.nifti1 import Nifti1Image
from numpy.typing import NDArray

from benchmarks.volumes import SAME_SCALE, row, volumes_of

CLOSE: Final = 1e-5
"""Of the range: what a factor in 32 bits leaves."""
_SAMPLED: Final = 5000
"""Voxels that tell which moment to compare in full."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Moment:
    values: Values
    affine: Values

    @property
    def sample(self) -> Values:
        return self.values.ravel()[:: max(1, self.values.size // _SAMPLED)]


@dataclass
class Tally:
    references: int = 0
    equal: int = 0
    scaled: int = 0
    absent: int = 0
    affine_mm: float = 0.0

    @property
    def cells(self) -> tuple[str, ...]:
        numbers = (
            self.references,
            self.equal + self.scaled + self.absent,
            self.equal,
            self.scaled,
            self.absent,
        )
        return (*map(str, numbers), f"{self.affine_mm:.1g}")


def moments(image: Any) -> Iterator[Moment]:
    """Turned to RAS; colour is left out."""
    turned = as_closest_canonical(image)
    values = np.asarray(turned.dataobj)
    if values.dtype.fields is None:
        values = values.reshape(*values.shape[:3], -1)
        yield from (Moment(part.astype(np.float64), turned.affine) for part in np.moveaxis(values, 3, 0))


def compared(folder: Path) -> Tally:
    ours = [
        moment
        for volume in volumes_of(folder / "In")
        for moment in moments(Nifti1Image(volume.values, volume.affine))
    ]
    tally = Tally()
    for path in sorted(folder.rglob("Ref/**/*.nii*")):
        tally.references += 1
        for reference in moments(load(path)):
            count(reference, ours, tally)
    return tally


def count(reference: Moment, ours: list[Moment], tally: Tally) -> None:
    alike = [moment for moment in ours if moment.values.shape == reference.values.shape]
    nearest = min(alike, key=lambda moment: error(moment.sample, reference.sample)[0], default=None)
    if nearest is None:
        tally.absent += 1
        return
    off, factor = error(nearest.values.ravel(), reference.values.ravel())
    if off > CLOSE:
        tally.absent += 1
        return
    tally.affine_mm = max(tally.affine_mm, float(np.abs(nearest.affine - reference.affine).max()))
    if factor == 1:
        tally.equal += 1
    else:
        tally.scaled += 1


def error(ours: Values, theirs: Values) -> tuple[float, float]:
    """The largest difference as a part of the range, and the factor that ours are to be multiplied with."""
    factor = float(ours @ theirs / ((ours @ ours) or 1))
    factor = factor if abs(factor - 1) > SAME_SCALE else 1.0
    return float(np.abs(ours * factor - theirs).max() / (np.ptp(theirs) or 1)), factor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="each holds In and Ref")
    row("collection", "references", "moments", "equal", "equal but for a factor", "not found", "affine, mm")
    row(*["---"] * 7)
    for folder in parser.parse_args().folders:
        row(folder.name, *compared(folder).cells)


if __name__ == "__main__":
    main()

"""Volumes beside those that dcm2niix made of the same series: `python -m benchmarks.volumes`.

With `--dicom2nifti FOLDER`, where pip put dicom2nifti, that converter's volumes are held against the same
references. It runs in a process of its own: it changes how pydicom decodes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from nibabel import as_closest_canonical, load
from nibabel.nifti1 import Nifti1Image
from numpy.typing import NDArray

from medloop.imaging.picture import Volume
from medloop.imaging.volumes import Stack
from medloop.inspection import slices
from medloop.inspection.walk import walk
from medloop.rules.project import Intake, Series

DATA: Final = Path(os.environ.get("MEDLOOP_DATA", Path(__file__).parents[2] / "shared" / "data"))

_GE, _SIEMENS, _PHILIPS = "dcm_qa_nih/In/20180918GE", "dcm_qa_nih/In/20180918Si", "dcm_qa_enh/In/Philips"

PAIRS: Final = (
    (f"{_GE}/mr_0004", "dcm_qa_nih/Ref/DCM2NIIX_regression_test_4.nii", "GE, single slices"),
    (f"{_GE}/mr_0005", "dcm_qa_nih/Ref/DCM2NIIX_regression_test_5.nii", "GE, single slices"),
    (f"{_GE}/mr_0006", "dcm_qa_nih/Ref/DCM2NIIX_regression_test_6.nii", "GE, single slices"),
    (f"{_GE}/mr_0007", "dcm_qa_nih/Ref/DCM2NIIX_regression_test_7.nii", "GE, single slices"),
    (f"{_SIEMENS}/mr_0003", "dcm_qa_nih/Ref/EPI_PE=AP_3.nii", "Siemens, mosaics"),
    (f"{_SIEMENS}/mr_0004", "dcm_qa_nih/Ref/EPI_PE=PA_4.nii", "Siemens, mosaics"),
    (f"{_SIEMENS}/mr_0005", "dcm_qa_nih/Ref/EPI_PE=RL_5.nii", "Siemens, mosaics"),
    (f"{_SIEMENS}/mr_0006", "dcm_qa_nih/Ref/EPI_PE=LR_6.nii", "Siemens, mosaics"),
    ("dcm_qa_ts/In/1.dcm", "dcm_qa_ts/Ref/1.nii", "Siemens mosaic, explicit little endian"),
    ("dcm_qa_ts/In/2.dcm", "dcm_qa_ts/Ref/2.nii", "Siemens mosaic, implicit little endian"),
    ("dcm_qa_ts/In/3.dcm", "dcm_qa_ts/Ref/3.nii", "Siemens mosaic, explicit big endian"),
    ("dcm_qa_ts/In/4.dcm", "dcm_qa_ts/Ref/4.nii", "Siemens mosaic, RLE"),
    ("dcm_qa_ts/In/5.dcm", "dcm_qa_ts/Ref/5.nii", "Siemens mosaic, JPEG lossless (dcmtk)"),
    ("dcm_qa_ts/In/6.dcm", "dcm_qa_ts/Ref/6.nii", "Siemens mosaic, JPEG lossless (gdcm)"),
    ("dcm_qa_ts/In/7.dcm", "dcm_qa_ts/Ref/7.nii", "Siemens mosaic, JPEG-LS (gdcm)"),
    ("dcm_qa_ts/In/8.dcm", "dcm_qa_ts/Ref/8.nii", "Siemens mosaic, JPEG-LS (dcmtk)"),
    ("dcm_qa_ts/In/9.dcm", "dcm_qa_ts/Ref/9.nii", "Siemens mosaic, JPEG 2000"),
    (
        "dcm_qa_enh/In/Siemens/XA10",
        "dcm_qa_enh/Ref/Siemens_REST1_w_SMS_PF7-8_6.nii",
        "Siemens, enhanced, one file a moment",
    ),
    (_PHILIPS, "dcm_qa_enh/Ref/Philips_WIP_B0_NS_801_e1.nii", "Philips, enhanced: magnitude"),
    (
        _PHILIPS,
        "dcm_qa_enh/Ref/Philips_WIP_B0_NS_801_e2_fieldmaphz.nii",
        "Philips, enhanced: field map in Hz",
    ),
)
"""Series, the volume that dcm2niix made of it, both below `dicom/`, and what there is to get wrong."""

ALONE: Final = (
    "mr_brain_study/12-T1post-05670",
    "mr_brain_study/13_HCropVolume",
    "mr_brain_study/34909-T1prereg-84610",
    "mr_brain_study/36459-FLAIRreg-76244",
    "mr_brain_study/37916-T2reg-88910",
)
"""Series that nobody made a reference of: held against dicom2nifti's volumes."""

SAME_SCALE: Final = 1e-4


@dataclass(frozen=True)
class Difference:
    """Of a volume from the reference; both turned to the same axes by their affines first."""

    shape: tuple[int, ...]
    affine_mm: float
    """The largest of all entries' differences."""
    voxel: float
    """The largest difference, as a part of the reference's range."""
    scale: float
    """What the volume was multiplied with, 1 where the values are meant alike."""


def stacks_of(source: Path) -> list[Stack]:
    """What `medloop volumes` makes of a folder."""
    with tempfile.TemporaryFile() as file:
        gathering = slices.Gathering(slices.Spool(file), Intake())
        gathering.take(walk([source]))
        found = gathering.found.series.values()
        return [stack for series in found for stack in slices.stacks_of(series, Series())]


def volumes_of(source: Path) -> list[Volume]:
    return [stack.volume for stack in stacks_of(source) if stack.volume is not None]


def read(path: Path) -> Volume:
    image: Any = load(path)
    return Volume(np.asarray(image.dataobj), image.affine, {})


def difference(volume: Volume, reference: Volume) -> Difference | None:
    """None where they are of different shapes."""
    made, wanted = (as_closest_canonical(Nifti1Image(one.values, one.affine)) for one in (volume, reference))
    ours, theirs = _values(made), _values(wanted)
    if ours.shape != theirs.shape:
        return None
    factor = float((ours * theirs).sum() / ((ours * ours).sum() or 1))
    scale = factor if abs(factor - 1) > SAME_SCALE else 1.0
    voxel = float(np.abs(ours * scale - theirs).max() / np.ptp(theirs))
    affine_mm = float(np.abs(made.affine - wanted.affine).max())
    return Difference(theirs.shape, affine_mm, voxel, scale)


def _values(image: Any) -> NDArray[np.float64]:
    return np.asarray(image.dataobj, np.float64)


def nearest(volumes: list[Volume], reference: Volume) -> Difference | None:
    """A series may make several volumes: that which differs least."""
    found = [difference(volume, reference) for volume in volumes]
    return min((one for one in found if one is not None), key=lambda one: one.voxel, default=None)


def dicom2nifti_volumes(source: Path, where: Path) -> list[Volume]:
    """Its volume; none where it refuses or breaks."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "made.nii.gz")
        path = os.pathsep.join([str(where), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, "-m", "benchmarks.dicom2nifti", str(source), str(target)]
        subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, check=False)
        if not target.is_file():
            return []
        made = read(target)
        # What it cannot tell apart it puts behind each other: each may be the one that is looked for.
        parts = np.moveaxis(made.values, 3, 0) if made.values.ndim > 3 else ()
        return [made, *(Volume(part, made.affine, {}) for part in parts)]


def told(found: Difference | None) -> str:
    """Cells of a Markdown table."""
    if found is None:
        return "none | |"
    scaled = "" if found.scale == 1 else f", times {found.scale:.7g}"
    voxel = f"{found.voxel:.1g}{scaled}" if found.scale else "all zero"
    return f"{'x'.join(map(str, found.shape))} | {found.affine_mm:.1g} | {voxel}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="holds dicom/dcm_qa_nih and others")
    parser.add_argument("--dicom2nifti", type=Path, help="where pip put it")
    options = parser.parse_args()
    show_pairs(options.data / "dicom", options.dicom2nifti)
    if options.dicom2nifti:
        show_alone(options.data / "dicom", options.dicom2nifti)


def show_pairs(data: Path, dicom2nifti: Path | None) -> None:
    others = ["dicom2nifti", "affine, mm", "voxel"] if dicom2nifti else []
    row("reference", "what", "medloop", "affine, mm", "voxel", *others)
    row(*["---"] * (5 + len(others)))
    for series, path, what in PAIRS:
        source, reference = data / series, read(data / path)
        cells = [Path(path).stem, what, told(nearest(volumes_of(source), reference))]
        if dicom2nifti:
            cells.append(told(nearest(dicom2nifti_volumes(source, dicom2nifti), reference)))
        row(*cells)


def show_alone(data: Path, dicom2nifti: Path) -> None:
    print()
    row("series", "medloop beside dicom2nifti", "affine, mm", "voxel")
    row(*["---"] * 4)
    for series in ALONE:
        (reference, *_) = dicom2nifti_volumes(data / series, dicom2nifti)
        row(series, told(nearest(volumes_of(data / series), reference)))


def row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()

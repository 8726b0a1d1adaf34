"""Files per second and identifiers left: medloop, dicom-anonymizer and deid on the same files, one thread.

python -m benchmarks.deidentification            generated files
MEDLOOP_DATA=… python -m benchmarks.deidentification    and real ones
python -m benchmarks.deidentification --objects    only two single objects: a small CT, a large enhanced MR
"""

from benchmarks.machine import described, pin

pin()

import argparse  # noqa: E402
import contextlib  # noqa: E402
import io  # noqa: E402
import json  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import re  # noqa: E402
import statistics  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable  # noqa: E402
from importlib.metadata import version  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
from pydicom import Dataset, dcmread, uid  # noqa: E402
from pydicom.data import get_testdata_file  # noqa: E402
from pydicom.sequence import Sequence  # noqa: E402

from medloop.deidentify.file import deidentify  # noqa: E402
from medloop.imaging.dicom.file import open_dicom  # noqa: E402
from medloop.imaging.sniff import Format, sniff  # noqa: E402
from medloop.rules.project import Deidentification  # noqa: E402
from medloop.rules.pseudonyms import Pseudonyms  # noqa: E402
from medloop.rules.reasons import Refused  # noqa: E402
from tests.identified import KEY, NAMES, ROOT, filled, listed, nested  # noqa: E402
from tests.images import dataset, ramp, written  # noqa: E402

ROUNDS = 3
EVERY = 4
"""Of the real files: one in so many."""
_IDENTIFYING = (0x00100010, 0x00100020, 0x00080018, 0x0020000D, 0x0020000E, 0x00100030, 0x00080020)

Arm = Callable[[Path, Path], None]


def medloop(source: Path, target: Path) -> None:
    target.write_bytes(deidentify(source.read_bytes(), Deidentification(), NAMES).content)


def anonymizer(source: Path, target: Path) -> None:
    from dicomanonymizer.simpledicomanonymizer import anonymize_dicom_file

    anonymize_dicom_file(str(source), str(target))


def deid(source: Path, target: Path) -> None:
    from deid.dicom import replace_identifiers

    cleaned = replace_identifiers([str(source)], save=False, disable_skip=True)
    cleaned[0].save_as(target, enforce_file_format=False)


def plain(source: Path, target: Path) -> None:
    """Reading and writing with pydicom, nothing cleaned: what one pass costs at least there."""
    dcmread(source).save_as(target)


ARMS: dict[str, Arm] = {
    "medloop": medloop,
    "dicom-anonymizer": anonymizer,
    "deid": deid,
    "pydicom copy": plain,
}


def generated(folder: Path) -> list[Path]:
    """Ordinary slices, and one object with every listed attribute below three sequences."""
    made = [
        written(
            dataset(
                ramp(256, 256), PatientName=f"Zebra^{n}", StudyDate="20190213", SOPInstanceUID=f"{ROOT}.{n}"
            )
        )
        for n in range(40)
    ]
    made += [written(nested(filled(listed()), depth)) for depth in (0, 1, 3)]
    paths = [folder / f"{number}.dcm" for number in range(len(made))]
    for path, data in zip(paths, made, strict=True):
        path.write_bytes(data)
    return paths


def real() -> list[Path]:
    """DICOM images that medloop accepts."""
    root = Path(os.environ.get("MEDLOOP_DATA", "nowhere")) / "dicom"
    found = sorted(path for path in root.rglob("*") if path.is_file())[::EVERY]
    return [path for path in found if _is_accepted(path)]


def _is_accepted(path: Path) -> bool:
    data = path.read_bytes()
    try:
        deidentify(data, Deidentification(), NAMES)
    except Refused:
        return False
    return sniff(data) is Format.DICOM


def left(source: Path, target: Path) -> bool:
    """Whether any identifier of the header is still in the bytes before the pixels."""
    before, content = open_dicom(source.read_bytes()), target.read_bytes()
    end = content.find(b"\xe0\x7f\x10\x00")
    values = (before.raw(tag).strip(b"\x00 ") for tag in _IDENTIFYING)
    text = content[: end if end > 0 else None]
    # A new UID may begin with an old one; that is not the old one.
    return any(len(value) >= 6 and re.search(re.escape(value) + rb"(?![0-9.])", text) for value in values)


def run(name: str, paths: list[Path], folder: Path) -> dict[str, float | int]:
    """Median of the rounds; files that the arm fails on count as failed and not as clean."""
    seconds, failed, leaking = [], 0, 0
    for round_ in range(ROUNDS):
        spent = 0.0
        for number, path in enumerate(paths):
            target = folder / f"{name}-{number}"
            started = time.perf_counter()
            try:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    ARMS[name](path, target)
            except Exception:
                failed += round_ == 0
                continue
            spent += time.perf_counter() - started
            leaking += round_ == 0 and left(path, target)
        seconds.append(spent)
    done = len(paths) - failed
    return {
        "files": done,
        "failed": failed,
        "files_per_second": round(done / statistics.median(seconds), 1) if done else 0,
        "files_with_identifiers_left": leaking,
    }


# ── one object at a time ───────────────────────────────────────────────────────────────────────────────────

FRAMES, SIDE = 400, 256
OBJECT_ROUNDS = {"CT_small": 101, "enhanced MR": 9}
_DAY = "20190213"


def enhanced_mr(frames: int = FRAMES, side: int = SIDE) -> bytes:
    """A multi-frame MR of 16 bits with a functional group for each frame, four sequences deep.

    Names and numbers are fictional.
    """
    made = dataset(ramp(side, side), SOPClassUID=uid.EnhancedMRImageStorage, SOPInstanceUID=f"{ROOT}.4")
    made.StudyInstanceUID, made.SeriesInstanceUID = f"{ROOT}.1", f"{ROOT}.2"
    made.PatientName, made.PatientID, made.PatientBirthDate = "Zebra^Nora", "FICTION-400", "19600229"
    made.StudyDate = made.ContentDate = _DAY
    made.AcquisitionDateTime, made.NumberOfFrames = f"{_DAY}101500", frames
    made.SharedFunctionalGroupsSequence = Sequence([_shared()])
    made.PerFrameFunctionalGroupsSequence = Sequence(_frame(number) for number in range(frames))
    noise = np.random.default_rng(400).integers(0, 4096, (frames, side, side), np.uint16)
    made.PixelData = noise.astype("<u2").tobytes()
    return written(made)


def _item(**elements: object) -> Sequence:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return Sequence([made])


def _shared() -> Dataset:
    made = Dataset()
    made.PixelMeasuresSequence = _item(PixelSpacing=[1, 1], SliceThickness=3)
    made.PlaneOrientationSequence = _item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    made.FrameAnatomySequence = _item(FrameLaterality="U")
    made.MRTimingAndRelatedParametersSequence = _item(RepetitionTime=500, FlipAngle=70, EchoTrainLength=1)
    return made


def _frame(number: int) -> Dataset:
    made, time = Dataset(), f"{_DAY}1015{number % 60:02}.{number:03}"
    made.FrameContentSequence = _item(
        FrameAcquisitionDateTime=time,
        FrameReferenceDateTime=time,
        FrameAcquisitionDuration=31.5,
        StackID="1",
        InStackPositionNumber=number + 1,
        TemporalPositionIndex=1,
        DimensionIndexValues=[1, number + 1],
        FrameComments=f"Zebra, slice {number}",
    )
    made.PlanePositionSequence = _item(ImagePositionPatient=[-128.0, -128.0, 0.5 * number])
    made.MREchoSequence = _item(EffectiveEchoTime=15.0)
    made.MRAveragesSequence = _item(NumberOfAverages=1.0)
    made.FrameVOILUTSequence = _item(WindowCenter=600, WindowWidth=1200)
    made.PixelValueTransformationSequence = _item(RescaleIntercept=0, RescaleSlope=1, RescaleType="US")
    made.MRImageFrameTypeSequence = _item(
        FrameType=["ORIGINAL", "PRIMARY", "M", "NONE"],
        PixelPresentation="MONOCHROME",
        ComplexImageComponent="MAGNITUDE",
    )
    purpose = _item(CodeValue="121322", CodingSchemeDesignator="DCM", CodeMeaning="Source image")
    source = _item(
        ReferencedSOPClassUID=uid.MRImageStorage,
        ReferencedSOPInstanceUID=f"{ROOT}.5.{number}",
        PurposeOfReferenceCodeSequence=purpose,
    )
    made.DerivationImageSequence = _item(DerivationDescription="for Zebra", SourceImageSequence=source)
    block = made.private_block(0x2005, "A VENDOR", create=True)
    block.add_new(0x10, "LO", f"Zebra {number}")
    block.add_new(0x0F, "SQ", _item(EchoTime=15, ProtocolName="Zebra t1"))
    return made


def one_object(name: str, data: bytes, folder: Path) -> dict[str, object]:
    """Milliseconds from file to file, by arm: median, least; ours as of a patient never seen before."""
    source, target = folder / f"{name}.dcm", folder / "out.dcm"
    source.write_bytes(data)
    spent: dict[str, list[float]] = {arm: [] for arm in ARMS}
    for round_ in range(OBJECT_ROUNDS[name]):
        arms: dict[str, Arm] = ARMS | {"medloop": _for_another_project(round_)}
        for arm, act in arms.items():  # in turn, so that another's load on the machine meets all of them
            started = time.perf_counter()
            try:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    act(source, target)
            except Exception:
                continue
            spent[arm].append(1000 * (time.perf_counter() - started))
    found: dict[str, object] = {
        arm: {"median_ms": round(statistics.median(times), 2), "least_ms": round(min(times), 2)}
        for arm, times in spent.items()
        if times
    }
    return {"bytes": len(data), "rounds": OBJECT_ROUNDS[name], **found}


def _for_another_project(number: int) -> Arm:
    """Under another name nothing is remembered of the rounds before."""
    names = Pseudonyms(KEY, f"project-{number}")

    def arm(source: Path, target: Path) -> None:
        target.write_bytes(deidentify(source.read_bytes(), Deidentification(), names).content)

    return arm


def objects(folder: Path) -> dict[str, object]:
    small = Path(str(get_testdata_file("CT_small.dcm"))).read_bytes()
    return {
        "CT_small": one_object("CT_small", small, folder),
        "enhanced MR": one_object("enhanced MR", enhanced_mr(), folder),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--objects", action="store_true", help="only the two single objects")
    only_objects = parser.parse_args().objects
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    report: dict[str, object] = {"machine": described() | {"deid": version("deid")}}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        report["objects"] = objects(folder)
        sets = {} if only_objects else {"generated": generated(folder), "real": real()}
        for kind, paths in sets.items():
            report[kind] = {name: run(name, paths, folder) for name in ARMS} if paths else "no MEDLOOP_DATA"
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()

"""Files per second and identifiers left: medloop, dicom-anonymizer and deid on the same files, one thread.

python -m benchmarks.deidentification            generated files
MEDLOOP_DATA=… python -m benchmarks.deidentification    and real ones
"""

from benchmarks.machine import described, pin

pin()

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

from pydicom import dcmread  # noqa: E402

from medloop.deidentify.file import deidentify  # noqa: E402
from medloop.imaging.dicom.file import open_dicom  # noqa: E402
from medloop.imaging.sniff import Format, sniff  # noqa: E402
from medloop.rules.project import Deidentification  # noqa: E402
from medloop.rules.reasons import Refused  # noqa: E402
from tests.identified import NAMES, ROOT, filled, listed, nested  # noqa: E402
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


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    report: dict[str, object] = {"machine": described() | {"deid": version("deid")}}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        sets = {"generated": generated(folder), "real": real()}
        for kind, paths in sets.items():
            report[kind] = {name: run(name, paths, folder) for name in ARMS} if paths else "no MEDLOOP_DATA"
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()

"""The demo's images: synthetic, equal for equal seeds, half DICOM, half PNG; and a bad file of each kind."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

from medloop.rules.reasons import Reason

Pixels = NDArray[np.uint16]

CLASSES: Final = ("cross", "ring", "sphere")
SIDE: Final = 64
"""Pixels; the values are 12-bit, in PNG (16-bit grey) as in DICOM."""

IMAGES_PER_PATIENT: Final = 4
TRUTH: Final = "predict-truth.json"

_NAMES: Final = ("Example^Ada", "Fiction^Finn", "Invented^Ida", "Madeup^Max", "Nobody^Nora", "Sample^Sam")
_MODALITIES: Final = (("DX", uid.DigitalXRayImageStorageForPresentation), ("MR", uid.MRImageStorage))


def write_samples(folder: Path, per_class: int, seed: int) -> None:
    """Fill `labelled/<class>/`, `predict/` (half as many per class, at least two) and predict-truth.json.

    The truth maps each file name of `predict/` to its class. Same seed, same bytes.
    """
    random = np.random.default_rng(seed)
    for label in CLASSES:
        _write_class(folder / "labelled" / label, label, per_class, random)
    _write_unseen(folder, max(2, per_class // 2), random)


def _write_class(folder: Path, label: str, count: int, random: np.random.Generator) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    first_patient = CLASSES.index(label) * 10_000
    for number in range(count):
        pixels = draw(label, random)
        # Evens become DICOM, so a patient's four images are every second one of eight.
        patient = first_patient + number // (2 * IMAGES_PER_PATIENT)
        _write(folder / f"{label}-{number:04d}", pixels, number, patient)


def _write_unseen(folder: Path, per_class: int, random: np.random.Generator) -> None:
    (folder / "predict").mkdir(parents=True, exist_ok=True)
    labels = random.permutation([label for label in CLASSES for _ in range(per_class)])
    truth: dict[str, str] = {}
    for number, label in enumerate(str(label) for label in labels):
        path = _write(folder / "predict" / f"case-{number:04d}", draw(label, random), number, 90_000 + number)
        truth[path.name] = label
    (folder / TRUTH).write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def _write(stem: Path, pixels: Pixels, number: int, patient: int) -> Path:
    path = stem.with_suffix(".png" if number % 2 else ".dcm")
    path.write_bytes(_png(pixels) if number % 2 else _dicom(_image(pixels, stem.name, patient)))
    return path


def draw(label: str, random: np.random.Generator) -> Pixels:
    """A soft shape somewhere on an uneven, noisy background, 12-bit.

    Position, size, contrast and turn vary more than the shapes differ: no single pixel tells the class.
    """
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float64)
    size = random.uniform(7, 12)
    row, column = random.uniform(size + 3, SIDE - size - 3, 2)
    turn = random.uniform(0, np.pi / 2)
    y, x = rows - row, columns - column
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    shape = _SHAPES[label](along, across, size)
    slope = random.uniform(-1, 1, 2)
    background = 1400 + 6 * (slope[0] * (rows - 32) + slope[1] * (columns - 32))
    background += random.uniform(80, 300) * np.exp(-((rows - 32) ** 2 + (columns - 32) ** 2) / 900)
    noise = random.normal(0, random.uniform(60, 140), (SIDE, SIDE))
    values = background + random.uniform(350, 900) * shape + noise
    clipped: Pixels = np.clip(values, 0, 4095).astype(np.uint16)
    return clipped


def _edge(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 inside (negative distance), 0 outside, soft over about two pixels."""
    return 1 / (1 + np.exp(np.clip(distance * 1.5, -50, 50)))


_Shape = Callable[[NDArray[np.float64], NDArray[np.float64], float], NDArray[np.float64]]

_SHAPES: Final[dict[str, _Shape]] = {
    "sphere": lambda x, y, size: _edge(np.hypot(x, y) - 0.8 * size),
    "ring": lambda x, y, size: _edge(np.abs(np.hypot(x, y) - 0.85 * size) - 2.0),
    "cross": lambda x, y, size: _edge(
        np.minimum(
            np.maximum(np.abs(x) - size, np.abs(y) - 2.2), np.maximum(np.abs(y) - size, np.abs(x) - 2.2)
        )
    ),
}


def _image(pixels: Pixels, name: str, patient: int) -> Dataset:
    modality, sop_class = _MODALITIES[patient % 2]
    made = Dataset()
    made.SOPClassUID, made.Modality, made.BurnedInAnnotation = sop_class, modality, "NO"
    made.SOPInstanceUID = uid.generate_uid(entropy_srcs=["medloop sample", name])
    made.StudyInstanceUID = uid.generate_uid(entropy_srcs=["medloop study", str(patient)])
    made.SeriesInstanceUID = uid.generate_uid(entropy_srcs=["medloop series", str(patient)])
    made.PatientID, made.PatientName = f"FICTION-{patient:05d}", _NAMES[patient % len(_NAMES)]
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = pixels.shape
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    made.PixelSpacing = [0.5, 0.5]
    made.PixelData = pixels.astype("<u2").tobytes()
    return made


def _dicom(made: Dataset, syntax: uid.UID = uid.ExplicitVRLittleEndian) -> bytes:
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _png(pixels: NDArray[Any], format_: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format_)
    return buffer.getvalue()


def write_bad_files(folder: Path) -> dict[str, Reason]:
    """One file for each way an image or an archive can be bad: its name, and why it must be refused.

    A report (UNSUPPORTED_SOP_CLASS) is recorded as no image instead: studies hold such objects.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = bad_files()
    for name, (content, _) in files.items():
        (folder / name).write_bytes(content)
    return {name: reason for name, (_, reason) in files.items()}


def bad_files() -> dict[str, tuple[bytes, Reason]]:
    return {**_bad_rasters(), **_bad_dicoms()}


def _bad_rasters() -> dict[str, tuple[bytes, Reason]]:
    pixels = draw("ring", np.random.default_rng(0))
    picture, photo = _png(pixels), _png((pixels >> 4).astype(np.uint8), "JPEG")
    return {
        "empty.png": (b"", Reason.EMPTY),
        "text.dcm": (b"This is a letter, whatever its name says.\n", Reason.NOT_AN_IMAGE),
        "page.png": (b"<!doctype html><html><body>Not found</body></html>", Reason.NOT_AN_IMAGE),
        "cut.png": (picture[: len(picture) // 2], Reason.TRUNCATED),
        "cut.jpeg": (photo[: len(photo) // 2], Reason.TRUNCATED),
        "blank.png": (_png(np.full((SIDE, SIDE), 7, np.uint16)), Reason.CONSTANT_IMAGE),
        "huge.png": (_png_claiming(50_000, 50_000), Reason.PIXEL_LIMIT),
        "picture.gif": (_png((pixels >> 4).astype(np.uint8), "GIF"), Reason.UNSUPPORTED_FORMAT),
        "animated.png": (_animated((pixels >> 4).astype(np.uint8)), Reason.MULTI_FRAME),
        "archive.zip": (_escaping(picture), Reason.ZIP_PATH),
    }


def _bad_dicoms() -> dict[str, tuple[bytes, Reason]]:
    whole = _dicom(_changed())
    bomb = _dicom(_changed(PixelData=bytes(64 * 2**20)), uid.DeflatedExplicitVRLittleEndian)
    pixels_at = whole.rindex(b"\xe0\x7f\x10\x00OW")
    absurd = whole[:pixels_at] + b"\x09\x00\x10\x00OB\x00\x00\xf0\xff\xff\xff" + whole[pixels_at:]
    private = b"\x09\x00\x01\x10LO\x00\x00"
    crowded = whole[:pixels_at] + 100_001 * private + whole[pixels_at:]
    return {
        "cut.dcm": (whole[: len(whole) // 2], Reason.TRUNCATED),
        "preamble-only.dcm": (whole[:132], Reason.NO_DATASET),
        "report.dcm": (_dicom(_changed(SOPClassUID=uid.BasicTextSRStorage)), Reason.UNSUPPORTED_SOP_CLASS),
        "frames.dcm": (_dicom(_changed(NumberOfFrames=4)), Reason.PIXEL_LENGTH_MISMATCH),
        "no-pixels.dcm": (_dicom(_changed(PixelData=None)), Reason.NO_PIXELS),
        "short-pixels.dcm": (_dicom(_changed(PixelData=bytes(1000))), Reason.PIXEL_LENGTH_MISMATCH),
        "long-pixels.dcm": (_dicom(_changed(PixelData=bytes(4 * 8192))), Reason.PIXEL_LENGTH_MISMATCH),
        "no-rows.dcm": (_dicom(_changed(Rows=None)), Reason.BAD_HEADER),
        "slope-huge.dcm": (_dicom(_changed(RescaleSlope="1e300", RescaleIntercept="0")), Reason.NON_FINITE),
        "burned-in.dcm": (_dicom(_changed(BurnedInAnnotation="YES")), Reason.BURNED_IN_REVIEW),
        "screenshot.dcm": (
            _dicom(_changed(BurnedInAnnotation=None, SOPClassUID=uid.SecondaryCaptureImageStorage)),
            Reason.BURNED_IN_REVIEW,
        ),
        "unknown-syntax.dcm": (whole.replace(b".1.2.1\x00", b".1.2.8\x00"), Reason.UNDECODABLE),
        "deflate-bomb.dcm": (bomb, Reason.EXPANSION_LIMIT),
        "absurd-length.dcm": (absurd, Reason.ELEMENT_LENGTH_BEYOND_FILE),
        "nested.dcm": (whole[:pixels_at] + _nested(1000) + whole[pixels_at:], Reason.TOO_DEEP),
        "crowded.dcm": (crowded, Reason.TOO_MANY_ELEMENTS),
        "huge.dcm": (_dicom(_changed(Rows=65_535, Columns=65_535)), Reason.DECLARED_SIZE_TOO_LARGE),
        "program.dcm": (b"MZ" + whole[2:], Reason.POLYGLOT_PREAMBLE),
        "path-as-uid.dcm": (whole.replace(b"1.2.826.0.1.", b"../../../../"), Reason.BAD_UID),
    }


def _changed(**changes: object) -> Dataset:
    """A good image with other values in some elements; None removes one."""
    made = _image(draw("sphere", np.random.default_rng(1)), "bad", 80_000)
    for keyword, value in changes.items():
        if value is None:
            delattr(made, keyword)
        else:
            setattr(made, keyword, value)
    return made


def _nested(depth: int) -> bytes:
    """A private sequence within itself, `depth` times, ended by delimiters alone."""
    opening = b"\x09\x00\x10\x00SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closing = b"\xfe\xff\x0d\xe0" + bytes(4) + b"\xfe\xff\xdd\xe0" + bytes(4)
    return depth * opening + depth * closing


def _animated(first: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    second = Image.fromarray(np.flipud(first))
    Image.fromarray(first).save(buffer, "PNG", save_all=True, append_images=[second])
    return buffer.getvalue()


def _escaping(content: bytes) -> bytes:
    """A zip archive whose only file wants to lie outside of the folder that it is unpacked into."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        # With a fixed date, so that the same seed always gives the same bytes.
        archive.writestr(zipfile.ZipInfo("../outside.png", (2000, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


def _png_claiming(columns: int, rows: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")

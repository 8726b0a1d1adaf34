"""Images for the measurements: generated alike everywhere, shaped like what scanners write."""

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import config, uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence

SLICES = 24
"""Of one series."""

PRIVATE = 32 * 1024
"""Bytes of private header in an MR file, as Siemens' CSA headers are."""


def small_mr(count: int, seed: int = 0) -> Iterator[bytes]:
    """MR slices of about 80 kB: half 200 x 200 with little else, half 128 x 128 with a private header.

    Twenty-four of them make a series of one patient. Names and numbers are fictional.
    """
    for number in range(count):
        yield mr_slice(number, seed)


def mr_slice(number: int, seed: int = 0) -> bytes:
    series, position = divmod(number, SLICES)
    side, private = (200, 0) if series % 2 else (128, PRIVATE)
    made = _mr_header(seed, series)
    made.SOPInstanceUID = _uid(seed, "instance", number)
    made.InstanceNumber = position + 1
    made.ImagePositionPatient = [-100.0, -100.0, 3.0 * position]
    made.SliceLocation = 3.0 * position
    if private:
        block = made.private_block(0x0029, "MEDLOOP CSA HEADER", create=True)
        block.add_new(0x10, "OB", _noise(private, series).tobytes())
    return _stored(made, anatomy(side, side, seed * 1_000_003 + number))


def anatomy(rows: int, columns: int, seed: int, bits: int = 12) -> NDArray[np.uint16]:
    """Bright ellipses on a dark, noisy ground: compresses about as a slice does."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j].astype(np.float32)
    top = (1 << bits) - 1
    values = np.full((rows, columns), 0.02 * top, np.float32)
    for _ in range(6):
        centre, radius = random.uniform(-0.5, 0.5, 2), random.uniform(0.1, 0.7, 2)
        inside = ((y - centre[0]) / radius[0]) ** 2 + ((x - centre[1]) / radius[1]) ** 2 < 1
        values += inside * np.float32(random.uniform(0.05, 0.14) * top)
    values += random.standard_normal((rows, columns), np.float32) * np.float32(0.01 * top)
    clipped: NDArray[np.uint16] = np.clip(values, 0, top).astype(np.uint16)
    return clipped


def mammogram(number: int, rows: int = 2048, columns: int = 2048) -> bytes:
    """An uncompressed 16-bit MG image of 8 MB."""
    made = _header("MG", uid.DigitalMammographyXRayImageStorageForPresentation, 0, number)
    made.SOPInstanceUID = _uid(0, "mammogram", number)
    made.ImagerPixelSpacing = [0.07, 0.07]
    return _stored(made, anatomy(rows, columns, number, 14), 14)


@cache
def _noise(size: int, series: int) -> NDArray[np.uint8]:
    return np.random.default_rng(series).integers(0, 255, size, np.uint8)


def _mr_header(seed: int, series: int) -> Dataset:
    made = _header("MR", uid.MRImageStorage, seed, series)
    made.ScanningSequence, made.SequenceVariant, made.MRAcquisitionType = "GR", "SP", "2D"
    made.RepetitionTime, made.EchoTime, made.FlipAngle = 500, 15, 70
    made.SliceThickness, made.SpacingBetweenSlices, made.PixelSpacing = 3, 3, [1, 1]
    made.MagneticFieldStrength, made.ProtocolName, made.SeriesDescription = 1.5, "t1_tra", "T1 axial"
    made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    made.FrameOfReferenceUID = _uid(seed, "frame", series)
    return made


def _header(modality: str, sop_class: str, seed: int, series: int) -> Dataset:
    made = Dataset()
    made.SOPClassUID, made.Modality, made.BurnedInAnnotation = sop_class, modality, "NO"
    made.ImageType = ["ORIGINAL", "PRIMARY", "M", "NORM"]
    made.StudyInstanceUID = _uid(seed, "study", series // 4)
    made.SeriesInstanceUID = _uid(seed, "series", series)
    made.SeriesNumber, made.StudyID, made.AccessionNumber = series + 1, "1", f"A{series // 4:06}"
    made.PatientID, made.PatientName = f"FICTION-{seed}-{series // 8}", "Fiction^Benchmark"
    made.PatientBirthDate, made.PatientSex, made.PatientAge = "19600229", "O", "060Y"
    made.StudyDate, made.StudyTime = "20240131", "101500"
    made.SeriesDate, made.AcquisitionDate, made.ContentDate = ("20240131",) * 3
    made.Manufacturer, made.InstitutionName = "medloop", "Hospital of Fiction"
    made.ReferringPhysicianName, made.OperatorsName = "Fiction^Referrer", "Fiction^Operator"
    made.StationName, made.DeviceSerialNumber, made.SoftwareVersions = "STATION1", "0042", "1.0"
    reference = Dataset()
    reference.ReferencedSOPClassUID = sop_class
    reference.ReferencedSOPInstanceUID = _uid(seed, "reference", series)
    made.ReferencedImageSequence = Sequence([reference, reference])
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.WindowCenter, made.WindowWidth = 600, 1200
    return made


def _stored(made: Dataset, pixels: NDArray[np.uint16], bits: int = 12) -> bytes:
    made.Rows, made.Columns = pixels.shape
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, bits, bits - 1, 0
    made.PixelData = pixels.astype("<u2").tobytes()
    return _written(made, uid.ExplicitVRLittleEndian)


def compressed(content: bytes, syntax: uid.UID) -> bytes:
    """The same image in another transfer syntax that pydicom can write: JPEG 2000, JPEG-LS or RLE."""
    from pydicom import dcmread

    made = dcmread(io.BytesIO(content))
    made.compress(syntax, generate_instance_uid=False)
    return _bytes(made)


def _written(made: Dataset, syntax: uid.UID) -> bytes:
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    return _bytes(made)


def _bytes(made: Any) -> bytes:
    buffer = io.BytesIO()
    with config.disable_value_validation():
        made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _uid(seed: int, kind: str, number: int) -> uid.UID:
    return uid.generate_uid(entropy_srcs=["medloop benchmark", str(seed), kind, str(number)])


def files_of(folder: Path, most: int | None = None) -> list[bytes]:
    """What lies under a folder, by name; hidden files left out."""
    found = [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.name.startswith(".")]
    return [file.read_bytes() for file in found[:most]]

"""DICOM files of made-up patients: right ones, and ones that are wrong in a single chosen way."""

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders.base import get_encoder

CANARY: Final = "CANARYBIRD"
"""Stands wherever a file of the corpus names a person: whatever still holds it has leaked."""

UID_ROOT: Final = "2.999.4711"
"""Below ITU-T X.660's arc for examples; a clean file must not hold it either."""

CT, MR, CR = uid.CTImageStorage, uid.MRImageStorage, uid.ComputedRadiographyImageStorage
DX, MG = uid.DigitalXRayImageStorageForPresentation, uid.DigitalMammographyXRayImageStorageForPresentation
US, US_FRAMES = uid.UltrasoundImageStorage, uid.UltrasoundMultiFrameImageStorage
SC, XA, NM = (
    uid.SecondaryCaptureImageStorage,
    uid.XRayAngiographicImageStorage,
    uid.NuclearMedicineImageStorage,
)
PT, ENHANCED_MR = uid.PositronEmissionTomographyImageStorage, uid.EnhancedMRImageStorage

EXPLICIT, IMPLICIT = uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian
BIG, DEFLATED = uid.ExplicitVRBigEndian, uid.DeflatedExplicitVRLittleEndian

_MODALITIES: Final = {
    CT: "CT",
    MR: "MR",
    CR: "CR",
    DX: "DX",
    MG: "MG",
    US: "US",
    US_FRAMES: "US",
    SC: "OT",
    XA: "XA",
    NM: "NM",
    PT: "PT",
    ENHANCED_MR: "MR",
}

Pixels = NDArray[Any]


def ramp(rows: int = 16, columns: int = 12, dtype: str = "u2", step: int = 37) -> Pixels:
    """0, step, 2·step … row by row: no two pixels alike, so nothing can be swapped unnoticed."""
    return (np.arange(rows * columns) * step).reshape(rows, columns).astype(dtype)


def colours(rows: int = 16, columns: int = 12) -> Pixels:
    """Smooth RGB, 8 bits: red grows downwards, green to the right, blue falls."""
    y, x = np.mgrid[0:rows, 0:columns]
    red, green = y * 240 // rows, x * 240 // columns
    return np.stack([red, green, 240 - red // 2 - green // 2], axis=-1).astype("u1")


def dataset(values: Pixels, sop_class: str = MR, number: int = 1, **changes: Any) -> Dataset:
    """An image of `values` (HxW, HxWx3, or with frames in front and NumberOfFrames among the changes).

    A change of None removes the element. `part10` adds the SOP instance UID where the changes name none.
    """
    made = Dataset()
    made.SOPClassUID = sop_class
    made.StudyInstanceUID, made.SeriesInstanceUID = f"{UID_ROOT}.1.1", f"{UID_ROOT}.2.1"
    made.StudyDate, made.StudyTime, made.AccessionNumber = "20240229", "101530", f"{CANARY}7"
    made.Modality, made.Manufacturer = _MODALITIES[uid.UID(sop_class)], "medloop selftest"
    made.PatientName, made.PatientID = f"{CANARY}^Carla", f"{CANARY}-0815"
    made.PatientBirthDate, made.PatientSex = "19700101", "O"
    made.BurnedInAnnotation = "NO"
    made.InstanceNumber = str(number)
    _describe(made, values)
    made.PixelData = padded(values.tobytes())
    made["PixelData"].VR = "OB" if values.dtype.itemsize == 1 else "OW"
    return changed(made, **changes)


def _describe(made: Dataset, values: Pixels) -> None:
    colour = values.ndim > 2 and values.shape[-1] == 3
    made.SamplesPerPixel = 3 if colour else 1
    made.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        made.PlanarConfiguration = 0
    made.Rows, made.Columns = values.shape[-3:-1] if colour else values.shape[-2:]
    made.BitsAllocated = made.BitsStored = 8 * values.dtype.itemsize
    made.HighBit = made.BitsStored - 1
    made.PixelRepresentation = int(values.dtype.kind == "i")


def changed(made: Dataset, **changes: Any) -> Dataset:
    """Values need not be what their VR allows."""
    with disable_value_validation():
        for keyword, value in changes.items():
            if keyword in made:
                delattr(made, keyword)  # an element remembers how strictly it was checked
            if value is not None:
                setattr(made, keyword, value)
    return made


def elements(**values: Any) -> dict[str, Any]:
    """Elements by keyword, to be given to several files."""
    return values


def padded(content: bytes) -> bytes:
    """DICOM values have an even length."""
    return content + b"\x00" * (len(content) % 2)


def part10(made: Dataset, syntax: str = EXPLICIT, preamble: bytes = bytes(128), **meta: Any) -> bytes:
    """The data set as a file: preamble, DICM, file meta group (and `meta` in it), elements."""
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = uid.UID(syntax)
    buffer = io.BytesIO()
    with disable_value_validation():
        if "SOPInstanceUID" not in made:
            made.SOPInstanceUID = _sop_instance(made, syntax)
        made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
        made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
        changed(made.file_meta, **meta)
        made.save_as(buffer, enforce_file_format=True)
    return preamble + buffer.getvalue()[128:]


def _sop_instance(made: Dataset, syntax: str) -> str:
    """Another one for every other image: two images of one UID would collide in a project."""
    described = f"{syntax} {made}".encode() + made.get("PixelData", b"")
    return f"{UID_ROOT}.3.{zlib.crc32(described)}"


def dicom(values: Pixels, syntax: str = EXPLICIT, sop_class: str = MR, **changes: Any) -> bytes:
    """An uncompressed or deflated file, pixels in the byte order of its syntax."""
    made = dataset(values, sop_class, **changes)
    if syntax == BIG and "PixelData" not in changes:
        made.PixelData = padded(values.astype(values.dtype.newbyteorder(">")).tobytes())
    return part10(made, syntax)


def encapsulated(
    values: Pixels, frames: Sequence[bytes], syntax: str, sop_class: str = MR, **changes: Any
) -> bytes:
    """A file whose header describes `values` and whose pixel data are these codestreams, one a frame."""
    made = dataset(values, sop_class, **changes)
    made.PixelData = encapsulate(list(frames))
    made["PixelData"].is_undefined_length = True
    made["PixelData"].VR = "OB"
    return part10(made, syntax)


def run_length(values: Pixels, sop_class: str = MR, **changes: Any) -> bytes:
    """RLE, one frame or several."""
    made = dataset(values, sop_class, **changes)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = uid.RLELossless
    encoder = get_encoder(uid.RLELossless)
    count = int(made.get("NumberOfFrames", 1))
    frames = [encoder.encode(made, index=index, encoding_plugin="pydicom") for index in range(count)]
    return encapsulated(values, frames, uid.RLELossless, sop_class, **changes)


def header_end(file: bytes) -> int:
    """Where the data set starts, behind preamble and file meta group."""
    at = file.index(b"\x02\x00\x00\x00UL\x04\x00") + 8
    return at + 4 + int.from_bytes(file[at : at + 4], "little")


def explicit_element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    """One little-endian explicit element with a 4-byte length, laid out by hand."""
    return struct.pack("<HH2sHI", group, number, vr, 0, len(value)) + value

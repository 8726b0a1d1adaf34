"""Generated images shared by the tests: nothing here comes from a person, and no file is committed."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders.base import get_encoder

DX = "1.2.840.10008.5.1.4.1.1.1.1"
MR = "1.2.840.10008.5.1.4.1.1.4"


def ramp(rows: int = 8, columns: int = 6, dtype: str = "u2", step: int = 37) -> NDArray[Any]:
    """0, step, 2·step … row by row."""
    return (np.arange(rows * columns) * step).reshape(rows, columns).astype(dtype)


def png(values: NDArray[Any], **options: Any) -> bytes:
    return saved(Image.fromarray(values), "PNG", **options)


def jpeg(values: NDArray[Any], **options: Any) -> bytes:
    return saved(Image.fromarray(values), "JPEG", **{"quality": 95, **options})


def saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_claiming(columns: int, rows: int) -> bytes:
    """A grey PNG whose header claims a size that its few bytes of pixels do not have."""
    header = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, content) for kind, content in chunks)


def dataset(values: NDArray[Any], **changes: Any) -> Dataset:
    """A made-up single-frame MR image holding `values`; a change of None removes the element."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = MR, "1.2.826.0.1.3680043.8.498.1"
    made.Modality, made.PatientID, made.PatientName = "MR", "FICTION-001", "Nobody^Nora"
    made.BurnedInAnnotation = "NO"
    made.Rows, made.Columns = values.shape[:2]
    made.SamplesPerPixel = 3 if values.ndim == 3 else 1
    made.PhotometricInterpretation = "RGB" if values.ndim == 3 else "MONOCHROME2"
    if values.ndim == 3:
        made.PlanarConfiguration = 0
    made.BitsAllocated = made.BitsStored = 8 * values.dtype.itemsize
    made.HighBit = made.BitsStored - 1
    made.PixelRepresentation = int(values.dtype.kind == "i")
    made.PixelData = values.tobytes() + b"\x00" * (values.nbytes % 2)
    made["PixelData"].VR = "OB" if values.dtype.itemsize == 1 else "OW"
    for keyword, value in changes.items():
        if value is None:
            delattr(made, keyword)
        else:
            setattr(made, keyword, value)
    return made


def written(made: Dataset, syntax: str = uid.ExplicitVRLittleEndian, preamble: bool = True) -> bytes:
    """A DICOM file of the data set as it is."""
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = uid.UID(syntax)
    made.file_meta.MediaStorageSOPClassUID = made.get("SOPClassUID", MR)
    made.file_meta.MediaStorageSOPInstanceUID = uid.UID("1.2.826.0.1.3680043.8.498.1")
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue() if preamble else buffer.getvalue()[132:]


def dicom(values: NDArray[Any], syntax: str = uid.ExplicitVRLittleEndian, **changes: Any) -> bytes:
    """An uncompressed or deflated DICOM file, its pixels laid out as the syntax wants them."""
    made = dataset(values, **changes)
    if syntax == uid.ExplicitVRBigEndian and "PixelData" not in changes:
        swapped = values.astype(values.dtype.newbyteorder(">")).tobytes()
        made.PixelData = swapped + b"\x00" * (len(swapped) % 2)
    return written(made, syntax)


def rle_dicom(values: NDArray[Any], **changes: Any) -> bytes:
    made = dataset(values, **changes)
    frame = get_encoder(uid.RLELossless).encode(made, index=0, encoding_plugin="pydicom")
    return compressed(values, frame, uid.RLELossless, **changes)


def jpeg_dicom(values: NDArray[Any], format_: str, syntax: str, **changes: Any) -> bytes:
    """`format_` is Pillow's: JPEG or JPEG2000."""
    options = {"no_jp2": True} if format_ == "JPEG2000" else {}
    frame = saved(Image.fromarray(values), format_, **options)
    return compressed(values, frame, syntax, **changes)


def compressed(values: NDArray[Any], frame: bytes, syntax: str, fragments: int = 1, **changes: Any) -> bytes:
    made = dataset(values, **changes)
    made.PixelData = encapsulate([frame], fragments_per_frame=fragments)
    made["PixelData"].is_undefined_length = True
    made["PixelData"].VR = "OB"
    return written(made, syntax)

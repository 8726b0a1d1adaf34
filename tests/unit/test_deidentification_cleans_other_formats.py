"""PNG, JPEG, TIFF and NIfTI keep their pixels and lose every word around them."""

import gzip
import io
import struct
import zlib

import nibabel
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from medloop.deidentify.file import deidentify
from medloop.rules.project import Deidentification
from medloop.rules.reasons import Reason, Refused
from tests.identified import NAMES
from tests.images import dicom, png_chunk, ramp

CANARY = b"ZQCANARY"


def clean(data: bytes) -> bytes:
    return deidentify(data, Deidentification(), NAMES).content


def exif() -> Image.Exif:
    found = Image.Exif()
    found[0x010E], found[0x013B], found[0x0132] = "ZQCANARY", "ZQCANARY", "1962:07:13 10:00:00"
    return found


def png() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "ZQCANARY")
    text.add_itxt("Author", "ZQCANARY")
    text.add(b"zqCy", CANARY)
    return saved("PNG", pnginfo=text, exif=exif())


def saved(format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(ramp(dtype="u1")).save(buffer, format_, **options)
    return buffer.getvalue()


RASTERS = {
    "png": png(),
    "jpeg": saved("JPEG", exif=exif(), comment=CANARY) + CANARY,
    "tiff": saved("TIFF", tiffinfo={270: "ZQCANARY", 315: "ZQCANARY", 306: "1962:07:13 10:00:00"}),
}


@pytest.mark.parametrize("format_", RASTERS)
def test_no_word_of_a_raster_is_left(format_: str) -> None:
    data = RASTERS[format_]
    found = clean(data)
    assert CANARY in data and CANARY not in found and b"1962" not in found
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(found))), np.asarray(Image.open(io.BytesIO(data))))
    assert clean(found) == found


def test_what_is_compressed_behind_a_pngs_last_row_is_left_out() -> None:
    values = ramp(dtype="u1")
    rows = b"".join(b"\x00" + row.tobytes() for row in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 8, 0, 0, 0, 0)
    pixels = zlib.compress(rows + CANARY)
    parts = ((b"IHDR", header), (b"IDAT", pixels[:9]), (b"IDAT", pixels[9:]), (b"IEND", b""))
    cleaned = clean(b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, content) for kind, content in parts))
    at = cleaned.index(b"IDAT")
    assert zlib.decompress(cleaned[at + 4 :][: int.from_bytes(cleaned[at - 4 : at], "big")]) == rows
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(cleaned))), values)
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize("packed", [False, True])
def test_no_word_of_a_nifti_is_left(packed: bool) -> None:
    image = nibabel.Nifti1Image(np.arange(24, dtype="f4").reshape(2, 3, 4), np.diag([1.0, 2, 3, 1]))
    for name in ("descrip", "aux_file", "db_name", "intent_name"):
        image.header[name] = CANARY
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", CANARY))
    data = gzip.compress(image.to_bytes()) if packed else image.to_bytes()
    found = clean(data)
    plain = gzip.decompress(found) if packed else found
    read = nibabel.Nifti1Image.from_bytes(plain)
    assert CANARY not in plain and CANARY not in found
    assert np.array_equal(read.get_fdata(), image.get_fdata()) and np.array_equal(read.affine, image.affine)
    assert clean(found) == found


def test_the_name_inside_a_gzip_header_is_left_out() -> None:
    image = nibabel.Nifti1Image(np.zeros((2, 3, 4), "f4"), np.eye(4))
    buffer = io.BytesIO()
    with gzip.GzipFile("ZQCANARY.nii", "wb", fileobj=buffer, mtime=1) as file:
        file.write(image.to_bytes())
    assert CANARY in buffer.getvalue() and CANARY not in clean(buffer.getvalue())


@pytest.mark.parametrize(
    ("uid", "reason"),
    [
        ("1.2.840.10008.5.1.4.1.1.88.11", Reason.UNSUPPORTED_SOP_CLASS),  # a report
        ("1.2.840.10008.5.1.4.1.1.104.1", Reason.UNSUPPORTED_SOP_CLASS),  # a PDF
    ],
)
def test_documents_are_not_cleaned_but_refused(uid: str, reason: Reason) -> None:
    with pytest.raises(Refused) as refusal:
        clean(dicom(ramp(), SOPClassUID=uid, PatientName="ZQCANARY"))
    assert refusal.value.reason is reason
    assert "ZQCANARY" not in f"{refusal.value!r} {refusal.value} {refusal.value.facts}"


def test_cut_files_are_refused_without_a_word_of_them() -> None:
    data = dicom(ramp(), PatientName="ZQCANARY", PatientComments="ZQCANARY " * 30)
    for end in range(0, len(data), 7):
        try:
            found = clean(data[:end])
        except Refused as refusal:
            assert "ZQCANARY" not in f"{refusal!r} {refusal} {refusal.facts}"
        else:
            assert CANARY not in found

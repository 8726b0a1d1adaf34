"""A small file that claims to be huge costs neither memory nor time."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.images import ramp, rle_dicom

ROOT = Path(__file__).parents[2]
ALLOWED_MEGABYTES = 200
ALLOWED_SECONDS = 2.0

MEASURE = """
import resource, sys, time
import medloop.imaging.dicom.image, medloop.imaging.nifti.volume, medloop.imaging.rasters.read
import medloop.imaging.rasters.tiff, PIL.PngImagePlugin
from medloop.imaging.decoders.process import DECODER
from medloop.imaging.read import read_image
from medloop.rules.reasons import Refused

def peaks():
    DECODER.close()  # only who has ended is counted among the children
    return [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]

data = open(sys.argv[2], "rb").read()
medloop.imaging.dicom.image.read_dicom(open(sys.argv[1], "rb").read())  # starts the decoder once
before, started = peaks(), time.monotonic()
try:
    reason = read_image(data) and "read"
except Refused as refusal:
    reason = refusal.reason.value
seconds = time.monotonic() - started
print(reason, max(after - first for after, first in zip(peaks(), before)) // 1024, seconds)
"""
"""Both the process and its decoder: each may take so much more than it takes for a small picture."""


def deflate_bomb() -> bytes:
    """A DICOM of 256 kB that inflates to 256 MB."""
    import zlib

    from pydicom import uid

    from tests.images import dicom, ramp

    head = dicom(ramp(), uid.DeflatedExplicitVRLittleEndian)
    start = head.index(b"1.2.840.10008.1.2.1.99")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = b"\xe0\x7f\x10\x00OW\x00\x00" + (2**28).to_bytes(4, "little")
    parts = [packer.compress(content), *(packer.compress(bytes(2**20)) for _ in range(256)), packer.flush()]
    return head[: _end_of_meta(head, start)] + b"".join(parts)


def _end_of_meta(data: bytes, start: int) -> int:
    length_at = data.index(b"\x02\x00\x00\x00UL\x04\x00") + 8
    assert length_at < start
    return length_at + 4 + int.from_bytes(data[length_at : length_at + 4], "little")


def png_bomb() -> bytes:
    from tests.images import png_claiming

    return png_claiming(60_000, 60_000)


def text_bomb() -> bytes:
    """A PNG whose compressed comment inflates to 128 MB."""
    import zlib

    from tests.images import png, png_chunk, ramp

    small = png(ramp(8, 8, "u1"))
    comment = png_chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(2**27), 9))
    return small[:33] + comment + small[33:]


def jpeg_2000_bomb() -> bytes:
    """A stream that claims 60 000 x 60 000 within a header of 8 x 8."""
    from pydicom import uid

    from tests.images import jpeg_dicom, ramp

    small = jpeg_dicom(ramp(8, 8, "u1", step=3), "JPEG2000", uid.JPEG2000Lossless)
    size_at = small.index(b"\xff\x4f\xff\x51") + 8
    return small[:size_at] + 2 * (60_000).to_bytes(4, "big") + small[size_at + 8 :]


def run_length_bomb() -> bytes:
    """Two megabytes of run lengths that unpack to 128 MB, within a header of 8 x 8."""
    from pydicom import uid

    from tests.images import compressed, ramp

    table = bytes([1, 0, 0, 0, 64]) + bytes(59)
    return compressed(ramp(8, 8, "u1"), table + b"\x81\x00" * 2**20, uid.RLELossless)


def jpeg_2000_of_one_tile() -> bytes:
    """121 million pixels, in the header as in the stream; the bytes of the first tile alone."""
    import imagecodecs
    from pydicom import uid

    from medloop.selftest.forge.codestreams import claiming
    from tests.images import compressed, ramp

    small = ramp(64, 64)
    stream = claiming(imagecodecs.jpeg2k_encode(small, codecformat="j2k", reversible=True), 11_000, 11_000)
    return compressed(small, stream, uid.JPEG2000Lossless, Rows=11_000, Columns=11_000)


def jpeg_bomb() -> bytes:
    """A colour JPEG of 64 x 64 that claims 9000 x 9000: libjpeg would paint the rest grey."""
    import numpy as np

    from tests.images import jpeg

    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), "u1")
    data = jpeg(noise)
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + 2 * (9000).to_bytes(2, "big") + data[at + 4 :]


def jpeg_bomb_in_dicom() -> bytes:
    from pydicom import uid

    from tests.images import compressed, jpeg, ramp

    data = jpeg(ramp(64, 64, "u1"))
    at = data.index(b"\xff\xc0") + 5
    stream = data[:at] + 2 * (11_000).to_bytes(2, "big") + data[at + 4 :]
    return compressed(ramp(64, 64, "u1"), stream, uid.JPEGBaseline8Bit, Rows=11_000, Columns=11_000)


def tiff_bomb() -> bytes:
    """A TIFF of 10 kB that says its one strip unpacks to 162 MB."""
    import io

    import numpy as np
    import tifffile

    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.zeros((2000, 2000), "u2"), compression="zlib", rowsperstrip=2000)
    data = buffer.getvalue()
    for tag in (b"\x00\x01", b"\x01\x01", b"\x16\x01"):  # ImageWidth, ImageLength, RowsPerStrip: each a LONG
        entry = tag + b"\x04\x00\x01\x00\x00\x00"
        assert entry + (2000).to_bytes(4, "little") in data
        data = data.replace(entry + (2000).to_bytes(4, "little"), entry + (9000).to_bytes(4, "little"))
    return data


def nifti_bomb() -> bytes:
    """The beginning of a gigabyte of zeros, as its header says."""
    import gzip

    import nibabel

    header = nibabel.nifti1.Nifti1Header()
    header.set_data_dtype("u1")
    header.set_data_shape((1024, 1024, 1024))
    header["magic"], header["vox_offset"] = b"n+1", 352
    return gzip.compress(bytes(header.binaryblock) + bytes(4) + bytes(2**25), 6)


BOMBS = {
    "expansion_limit: deflate": deflate_bomb,
    "pixel_limit: png": png_bomb,
    "expansion_limit: png text": text_bomb,
    "expansion_limit: jpeg 2000": jpeg_2000_bomb,
    "pixel_length_mismatch: rle": run_length_bomb,
    "undecodable: jpeg 2000 of one tile": jpeg_2000_of_one_tile,
    "truncated: jpeg": jpeg_bomb,
    "undecodable: jpeg in dicom": jpeg_bomb_in_dicom,
    "expansion_limit: tiff": tiff_bomb,
    "declared_size_too_large: nifti": nifti_bomb,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_bounds(name: str, tmp_path: Path) -> None:
    small, bomb = tmp_path / "small", tmp_path / "bomb"
    small.write_bytes(rle_dicom(ramp()))
    bomb.write_bytes(BOMBS[name]())
    command = [sys.executable, "-c", MEASURE, str(small), str(bomb)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    reason, megabytes, seconds = done.stdout.split()
    assert reason == name.split(":")[0]
    assert int(megabytes) < ALLOWED_MEGABYTES
    assert float(seconds) < ALLOWED_SECONDS

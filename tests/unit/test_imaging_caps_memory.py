"""A small file that claims to be huge costs neither memory nor time."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED_MEGABYTES = 200
ALLOWED_SECONDS = 2.0

MEASURE = """
import resource, sys, time
from medloop.imaging import dicom, raster
from medloop.imaging.read import read_image
from medloop.rules.reasons import Refused
import PIL.PngImagePlugin, pydicom.pixels
data = open(sys.argv[1], "rb").read()
before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
try:
    reason = read_image(data) and "read"
except Refused as refusal:
    reason = refusal.reason.value
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(reason, (peak - before) // 1024, time.monotonic() - started)
"""


def deflate_bomb() -> bytes:
    """A DICOM of one megabyte that inflates to one gigabyte."""
    import zlib

    from pydicom import uid

    from tests.images import dicom, ramp

    head = dicom(ramp(), uid.DeflatedExplicitVRLittleEndian)
    start = head.index(b"1.2.840.10008.1.2.1.99")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = b"\xe0\x7f\x10\x00OW\x00\x00" + (2**30).to_bytes(4, "little")
    parts = [packer.compress(content), *(packer.compress(bytes(2**20)) for _ in range(1024)), packer.flush()]
    return head[: _end_of_meta(head, start)] + b"".join(parts)


def _end_of_meta(data: bytes, start: int) -> int:
    length_at = data.index(b"\x02\x00\x00\x00UL\x04\x00") + 8
    assert length_at < start
    return length_at + 4 + int.from_bytes(data[length_at : length_at + 4], "little")


def png_bomb() -> bytes:
    from tests.images import png_claiming

    return png_claiming(60_000, 60_000)


def text_bomb() -> bytes:
    """A PNG whose compressed comment inflates to 256 MB."""
    import zlib

    from tests.images import png, png_chunk, ramp

    small = png(ramp(8, 8, "u1"))
    comment = png_chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(2**28), 9))
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


BOMBS = {
    "expansion_limit: deflate": deflate_bomb,
    "pixel_limit: png": png_bomb,
    "undecodable: png text": text_bomb,
    "expansion_limit: jpeg 2000": jpeg_2000_bomb,
    "pixel_length_mismatch: rle": run_length_bomb,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_bounds(name: str, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb"
    bomb.write_bytes(BOMBS[name]())
    command = [sys.executable, "-c", MEASURE, str(bomb)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    reason, megabytes, seconds = done.stdout.split()
    assert reason == name.split(":")[0]
    assert int(megabytes) < ALLOWED_MEGABYTES
    assert float(seconds) < ALLOWED_SECONDS

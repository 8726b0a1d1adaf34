"""Small files that would fill memory, time or stack if they were believed."""

import struct
from collections.abc import Iterator

from pydicom import uid

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.file import refused
from medloop.selftest.forge.bombs import GIGABYTE, deflated_zeros, gzipped_zeros, zlib_zeros
from medloop.selftest.forge.codestreams import claiming, jpeg_2000
from medloop.selftest.forge.dicom import (
    DEFLATED,
    dataset,
    dicom,
    encapsulated,
    explicit_element,
    header_end,
    part10,
    ramp,
)
from medloop.selftest.forge.nifti import header
from medloop.selftest.forge.raster import png_claiming, png_header, png_of, png_with

SMALL = ramp(8, 8, "u1", step=3)


@case(
    "B11",
    "Deflated DICOM, a megabyte that becomes a gigabyte",
    "pydicom inflates without a limit: 2.1 GB and seven seconds, even when asked for the header alone.",
)
def deflate_bomb() -> Iterator[Sample]:
    head = dicom(ramp(), DEFLATED)
    pixels = b"\xe0\x7f\x10\x00OW\x00\x00" + struct.pack("<I", GIGABYTE)
    bomb = head[: header_end(head)] + deflated_zeros(before=pixels)
    yield refused("deflated.dcm", bomb, Reason.EXPANSION_LIMIT)


@case(
    "B12",
    "NIfTI, a megabyte that becomes a gigabyte",
    "nibabel: 2.1 GB and seven seconds. The header says how much there is, and no more is inflated.",
)
def gzip_bomb() -> Iterator[Sample]:
    honest = header((512, 512, 500), "f8")
    yield refused("honest.nii.gz", gzipped_zeros(before=honest), Reason.EXPANSION_LIMIT)
    yield refused("random.gz", gzipped_zeros(), Reason.NOT_AN_IMAGE)


@case(
    "B13",
    "RLE and JPEG 2000 that claim 60 000 x 60 000",
    "The codestream has a header of its own, and a decoder allocates by that one.",
)
def codestream_bombs() -> Iterator[Sample]:
    stream = claiming(jpeg_2000(SMALL), 60_000, 60_000)
    yield refused(
        "jpeg-2000.dcm", encapsulated(SMALL, [stream], uid.JPEG2000Lossless), Reason.EXPANSION_LIMIT
    )
    table = bytes([1, 0, 0, 0, 64]) + bytes(59)
    runs = encapsulated(SMALL, [table + b"\x81\x00" * 2**20], uid.RLELossless)
    yield refused("run-length.dcm", runs, Reason.PIXEL_LENGTH_MISMATCH)
    large = encapsulated(SMALL, [table], uid.RLELossless, Rows=60_000, Columns=60_000)
    yield refused("run-length-of-nothing.dcm", large, Reason.DECLARED_SIZE_TOO_LARGE)


@case(
    "B14",
    "Sequences within sequences, 1000 and 5000 deep",
    "Whoever walks them by recursion ends in a RecursionError: a de-identifier that crashes lets pass.",
)
def nested() -> Iterator[Sample]:
    for depth in (1000, 5000):
        yield refused(f"{depth}-deep.dcm", nested_file(depth), Reason.TOO_DEEP)


def nested_file(depth: int) -> bytes:
    sequence = struct.pack("<HH2sHI", 0x0009, 0x1001, b"SQ", 0, 0xFFFFFFFF)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    item_end, sequence_end = struct.pack("<HHI", 0xFFFE, 0xE00D, 0), struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return with_group_9(depth * (sequence + item) + depth * (item_end + sequence_end))


def with_group_9(content: bytes) -> bytes:
    """A right image with these private elements among its others."""
    whole = part10(dataset(ramp()))
    at = whole.index(b"\x10\x00\x10\x00PN")
    return whole[:at] + content + whole[at:]


@case(
    "B15",
    "200 000 tiny private elements",
    "Two megabytes that cost pydicom three seconds and 150 MB.",
)
def many_elements() -> Iterator[Sample]:
    content = b"".join(
        struct.pack("<HH2sHH", 0x0009, 0x1000 + number % 256, b"CS", 2, 0x2041) for number in range(200_000)
    )
    yield refused("crowded.dcm", with_group_9(content), Reason.TOO_MANY_ELEMENTS)


@case(
    "B16",
    "An element of 0xFFFFFFF0 bytes",
    "A reader that believes it runs out of memory, which in a function is a kill and not an exception.",
)
def absurd_length() -> Iterator[Sample]:
    element = explicit_element(0x0009, 0x1001, b"OB", b"")[:-4] + struct.pack("<I", 0xFFFFFFF0)
    yield refused("endless.dcm", with_group_9(element + bytes(64)), Reason.ELEMENT_LENGTH_BEYOND_FILE)


@case(
    "B24",
    "PNG of 100 megapixels",
    "Twelve kilobytes; Pillow warns and takes 164 MB.",
)
def hundred_megapixels() -> Iterator[Sample]:
    yield refused("100-megapixels.png", png_claiming(10_000, 10_000), Reason.PIXEL_LIMIT)


@case(
    "B25",
    "PNG of 2500 megapixels",
    "The same by which Pillow itself is alarmed: refused by arithmetic, before Pillow is asked.",
)
def thousands_of_megapixels() -> Iterator[Sample]:
    yield refused("2500-megapixels.png", png_claiming(50_000, 50_000), Reason.PIXEL_LIMIT)


@case(
    "B28",
    "PNG with a compressed comment of 256 MB; PNG of 10 000 animated frames",
    "What lies beside the pixels can be the bomb as well.",
)
def beside_the_pixels() -> Iterator[Sample]:
    comment = (b"zTXt", b"Comment\x00\x00" + zlib_zeros(2**28))
    yield refused("comment.png", png_with(SMALL, comment), Reason.EXPANSION_LIMIT)
    yield refused("animated.png", animated(10_000), Reason.MULTI_FRAME)


def animated(frames: int) -> bytes:
    """An APNG whose frames are all the same few bytes."""
    import zlib

    pixels = zlib.compress(b"".join(b"\x00" + bytes(range(row, row + 8)) for row in range(8)))
    control = struct.pack(">IIIIIHHBB", 0, 8, 8, 0, 0, 1, 25, 0, 0)
    chunks = [(b"IHDR", png_header(8, 8)), (b"acTL", struct.pack(">II", frames, 0)), (b"fcTL", control)]
    chunks.append((b"IDAT", pixels))
    for number in range(frames - 1):
        chunks.append((b"fcTL", struct.pack(">I", 2 * number + 1) + control[4:]))
        chunks.append((b"fdAT", struct.pack(">I", 2 * number + 2) + pixels))
    return png_of(*chunks, (b"IEND", b""))

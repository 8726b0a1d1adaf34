"""Files that end too early, or hold another number of bytes than they say."""

import struct
from collections.abc import Iterator

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.checks import deviations, values
from medloop.selftest.file import accepted, refused
from medloop.selftest.forge.dicom import CR, XA, dataset, dicom, elements, part10, ramp, run_length


@case(
    "B01",
    "Empty file",
    "An upload that was cut off before its first byte: nothing to look at, nothing to guess.",
)
def empty() -> Iterator[Sample]:
    yield refused("empty.dcm", b"", Reason.EMPTY, actual_bytes=0)
    yield refused("empty.png", b"", Reason.EMPTY, actual_bytes=0)


@case(
    "B02",
    "A preamble and nothing else",
    "pydicom reads 132 bytes of preamble as an image of 0 elements; medloop says that nothing follows.",
)
def preamble_only() -> Iterator[Sample]:
    whole = dicom(ramp())
    yield refused("preamble.dcm", whole[:132], Reason.NO_DATASET)
    yield refused("preamble-and-meta.dcm", whole[: whole.index(b"\x08\x00\x16\x00")], Reason.NO_DATASET)


@case(
    "B03",
    "Cut at byte 300",
    "Within the header; pydicom gives back what it has, without a word.",
)
def cut_early() -> Iterator[Sample]:
    yield refused("cut-at-300.dcm", dicom(ramp(), number=10_000)[:300], Reason.TRUNCATED, actual_bytes=300)


@case(
    "B04",
    "Cut in the middle",
    "Header complete, half of the pixels gone: pydicom opens it and fails only when somebody trains.",
)
def cut_in_the_middle() -> Iterator[Sample]:
    whole = dicom(ramp(64, 64))
    half = len(whole) // 2
    yield refused("half.dcm", whole[:half], Reason.TRUNCATED, expected_bytes=len(whole), actual_bytes=half)


@case(
    "E04",
    "Truncated pixel data",
    "Refused with expected and actual bytes, in every kind of file, and never saved again as if whole.",
)
def truncated_pixels() -> Iterator[Sample]:
    for name, whole in (("native.dcm", dicom(ramp(32, 32))), ("rle.dcm", run_length(ramp(32, 32)))):
        short = whole[:-100]
        yield refused(name, short, Reason.TRUNCATED, actual_bytes=len(short))
    frames = ramp(48, 16).reshape(3, 16, 16)
    whole = dicom(frames, sop_class=XA, NumberOfFrames="3")
    yield refused("last-frame-missing.dcm", whole[:-512], Reason.TRUNCATED)


@case(
    "E05",
    "Pad byte missing or to spare",
    "Odd pixel data without its pad byte, or a few bytes more: nothing is lost, so it is taken and noted.",
)
def pad_byte() -> Iterator[Sample]:
    odd = ramp(5, 5, "u1", step=9)
    unpadded = dicom(odd)[:-1]
    at = unpadded.rindex(b"\xe0\x7f\x10\x00OB") + 8
    unpadded = unpadded[:at] + struct.pack("<I", 25) + unpadded[at + 4 :]
    yield accepted("odd-length.dcm", unpadded, values(odd), deviations("padding"))
    even = ramp(6, 6, "u1", step=5)
    spare = dicom(even, PixelData=even.tobytes() + bytes(2))
    yield accepted("two-to-spare.dcm", spare, values(even), deviations("padding"))


@case(
    "E06",
    "Several pages, NumberOfFrames missing",
    "Two thirds of the data would be cut off silently; the frames are counted from the length instead, "
    "where the object may have several.",
)
def frames_uncounted() -> Iterator[Sample]:
    pages = ramp(48, 16).reshape(3, 16, 16)
    made = dataset(pages, XA)
    yield accepted("three-pages.dcm", part10(made), values(pages), deviations("frames_counted"), frames=3)
    made = dataset(pages, XA, PixelData=pages.tobytes()[:-100])
    yield refused("two-and-a-half-pages.dcm", part10(made), Reason.PIXEL_LENGTH_MISMATCH)


@case(
    "B09",
    "Fewer pixels than declared",
    "The element is whole, the picture is not.",
)
def too_few_pixels() -> Iterator[Sample]:
    values_ = ramp(16, 16)
    short = dicom(values_, PixelData=values_.tobytes()[:-64])
    yield refused("short.dcm", short, Reason.PIXEL_LENGTH_MISMATCH, expected_bytes=512, actual_bytes=448)


@case(
    "B10",
    "More pixels than declared",
    "128 x 128 pixels under a header of 64 x 64: pydicom makes four frames of it without a word.",
)
def too_many_pixels() -> Iterator[Sample]:
    small, large = ramp(64, 64), ramp(128, 128)
    long = dicom(small, sop_class=CR, PixelData=large.tobytes())
    yield refused(
        "four-times.dcm", long, Reason.PIXEL_LENGTH_MISMATCH, expected_bytes=8192, actual_bytes=32768
    )


@case(
    "B08",
    "65535 x 65535 x a million frames",
    "Whoever allocates by the header is dead; medloop computes first, and allocates nothing.",
)
def declared_enormous() -> Iterator[Sample]:
    large = elements(Rows=65535, Columns=65535)
    many = dicom(ramp(), sop_class=XA, NumberOfFrames="1000000", **large)
    yield refused("eight-petabytes.dcm", many, Reason.DECLARED_SIZE_TOO_LARGE)
    yield refused("one-frame.dcm", dicom(ramp(), **large), Reason.DECLARED_SIZE_TOO_LARGE)

"""How a DICOM file is laid out: preamble, file meta group, transfer syntax, byte order, deflation."""

from collections.abc import Iterator

from pydicom import uid

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.checks import deviations, values
from medloop.selftest.file import accepted, refused
from medloop.selftest.forge.codestreams import jpeg_2000
from medloop.selftest.forge.dicom import BIG, DEFLATED, DX, IMPLICIT, dicom, encapsulated, header_end, ramp
from medloop.selftest.forge.raster import jpeg
from medloop.selftest.policies import STRICT

PIXELS = ramp()


def bare(file: bytes) -> bytes:
    """The data set alone: no preamble, no DICM, no file meta group."""
    return file[header_end(file) :]


def without_syntax(file: bytes) -> bytes:
    """A file meta group that does not name the transfer syntax."""
    start = file.index(b"\x02\x00\x10\x00UI")
    length = int.from_bytes(file[start + 6 : start + 8], "little")
    return file[:start] + file[start + 8 + length :]


@case(
    "E01",
    "No preamble, no DICM, no file meta group",
    "Old archives and raw C-STORE dumps; readers refuse them, or fail later for want of a transfer syntax. "
    "Told by content, taken, and noted.",
)
def no_preamble() -> Iterator[Sample]:
    lacking = deviations("preamble", "transfer_syntax")
    for name, syntax in (("implicit", IMPLICIT), ("explicit", uid.ExplicitVRLittleEndian)):
        yield accepted(f"bare-{name}.dcm", bare(dicom(PIXELS, syntax)), values(PIXELS), lacking)
    yield accepted("no-preamble.dcm", dicom(PIXELS)[132:], values(PIXELS), deviations("preamble"))
    yield refused("bare-strict.dcm", bare(dicom(PIXELS, IMPLICIT)), Reason.NOT_STRICT, STRICT)


@case(
    "E02",
    "File meta group without a transfer syntax",
    "Assuming implicit little endian is wrong where the pixels are encapsulated: the data set itself tells.",
)
def no_transfer_syntax() -> Iterator[Sample]:
    lacking = deviations("transfer_syntax")
    native = without_syntax(dicom(PIXELS))
    yield accepted("native.dcm", native, values(PIXELS), lacking, transfer_syntax="explicit_little")
    grey = ramp(16, 16, "u1", step=1)
    packed = encapsulated(grey, [jpeg_2000(grey)], uid.JPEG2000Lossless)
    yield accepted("packed.dcm", without_syntax(packed), values(grey), lacking)
    packed = encapsulated(grey, [jpeg(grey)], uid.JPEGBaseline8Bit)
    yield accepted("lossy.dcm", without_syntax(packed), values(grey, within=4), lacking)


@case(
    "B59",
    "Missing transfer syntax, by name and by value",
    "As E02; and one that nobody knows is named as such, never guessed.",
)
def unknown_transfer_syntax() -> Iterator[Sample]:
    implicit = without_syntax(dicom(PIXELS, IMPLICIT))
    yield accepted("implicit.dcm", implicit, values(PIXELS), deviations("transfer_syntax"))
    unknown = dicom(PIXELS).replace(b"1.2.840.10008.1.2.1\x00", b"1.2.840.10008.1.9.9\x00")
    yield refused("unknown.dcm", unknown, Reason.UNDECODABLE, transfer_syntax="1.2.840.10008.1.9.9")


@case(
    "E03",
    "No extension, or not .dcm",
    "Scanners write IM000001 and 1.2.840.…; whoever goes by names skips them silently.",
)
def no_extension() -> Iterator[Sample]:
    for name in ("IM000001", "2.999.4711.3", "I0000001.ima", "scan"):
        yield accepted(name, dicom(PIXELS), values(PIXELS), deviations(), format="dicom")


@case(
    "E10",
    "Explicit VR big endian",
    "Retired and still archived; read the wrong way round, 1 becomes 256.",
)
def big_endian() -> Iterator[Sample]:
    yield accepted("words.dcm", dicom(PIXELS, BIG), values(PIXELS), transfer_syntax="explicit_big")
    signed = PIXELS.astype("i2") - 3000
    yield accepted("signed.dcm", dicom(signed, BIG), values(signed))


@case(
    "B60",
    "Big endian, 8 bits in words of 16, and without a preamble",
    "Each pair of bytes is swapped; and the first tag reads 0008 only if read the right way round.",
)
def big_endian_bytes() -> Iterator[Sample]:
    grey = ramp(16, 16, "u1", step=1)
    swapped = grey.reshape(-1, 2)[:, ::-1].tobytes()
    words = dicom(grey, BIG, PixelData=swapped).replace(b"\x7f\xe0\x00\x10OB", b"\x7f\xe0\x00\x10OW")
    yield accepted("bytes-in-words.dcm", words, values(grey))
    bare_big = bare(dicom(PIXELS, BIG))
    yield accepted("bare.dcm", bare_big, values(PIXELS), deviations("preamble", "transfer_syntax"))


@case(
    "E11",
    "Deflated explicit little endian",
    "Seldom and legal; inflated up to a limit (B11 is what the limit is for).",
)
def deflated() -> Iterator[Sample]:
    whole = dicom(PIXELS, DEFLATED)
    yield accepted("deflated.dcm", whole, values(PIXELS), transfer_syntax="deflated")
    yield refused("cut.dcm", whole[:-40], Reason.TRUNCATED)
    # Even data: an X-ray of nearly one grey deflates a thousandfold, and is honest all the same.
    even = ramp(512, 512, "u2", step=0)
    even[::16, ::16] = 7
    yield accepted("nearly-blank.dcm", dicom(even, DEFLATED, sop_class=DX), values(even))

"""Text in a header: in any character set, of any length."""

import struct
from collections.abc import Iterator

from medloop.selftest.case import Sample, case
from medloop.selftest.checks import values
from medloop.selftest.file import accepted
from medloop.selftest.forge.dicom import CANARY, dataset, dicom, explicit_element, padded, part10, ramp

PIXELS = ramp()


def spelt(charset: str, name: bytes) -> bytes:
    """A file whose patient's name is these bytes, whatever the character set says."""
    room = len(padded(name))
    made = dataset(PIXELS, PatientName="@" * room)
    file = part10(made).replace(b"@" * room, name.ljust(room))
    word = charset.encode().ljust(len(padded(charset.encode())))
    at = file.index(b"\x08\x00\x16\x00UI")
    return file[:at] + struct.pack("<HH2sH", 8, 5, b"CS", len(word)) + word + file[at:]


@case(
    "E38",
    "Character sets: ISO 2022, `Not Supplied`, cp1251 as Latin-1",
    "A LookupError on touching the name; cleaning must not depend on reading it.",
)
def character_sets() -> Iterator[Sample]:
    name = f"{CANARY}^Карла"
    for charset, encoding in (("ISO_IR 100", "cp1251"), ("Not Supplied", "cp1251"), ("ISO_IR 192", "utf-8")):
        yield accepted(f"{encoding}.dcm", spelt(charset, name.encode(encoding)), values(PIXELS))
    japanese = CANARY.encode() + b"^Karla=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"
    yield accepted("iso-2022.dcm", spelt("\\ISO 2022 IR 87", japanese), values(PIXELS))


@case("B57", "A character set that nobody knows", "And one that is no text at all.")
def odd_charset() -> Iterator[Sample]:
    for number, charset in enumerate(("ISO_IR 999", "KLINGON", "\x01\x02")):
        yield accepted(f"charset-{number}.dcm", spelt(charset, b"CANARYBIRD^\xff\xfe\x80"), values(PIXELS))


@case("B58", "A text element of ten megabytes", "Somebody's whole report in a comment: read past, not read.")
def endless_text() -> Iterator[Sample]:
    whole = dicom(PIXELS)
    at = whole.index(b"\xe0\x7f\x10\x00")
    comment = explicit_element(0x0020, 0x4001, b"UT", f"{CANARY} ".encode() * 1_000_000)
    yield accepted("comment.dcm", whole[:at] + comment + whole[at:], values(PIXELS))

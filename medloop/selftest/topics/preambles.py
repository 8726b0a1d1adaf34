"""The 128 bytes before a DICOM file, which may be anything: a program, too."""

from collections.abc import Iterator
from typing import Final

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.checks import clean, values
from medloop.selftest.file import accepted, refused
from medloop.selftest.forge.dicom import dataset, part10, ramp
from medloop.selftest.policies import policy

PIXELS = ramp()
CLEANING: Final = policy("cleaning", intake={"polyglots": "clean"})
erased = clean("start with an empty preamble", lambda file: file[:132] == bytes(128) + b"DICM")


def beginning_with(start: bytes) -> bytes:
    return part10(dataset(PIXELS), preamble=start.ljust(128, b"\x00"))


def polyglot(name: str, start: bytes) -> Iterator[Sample]:
    """Held, or taken with its preamble erased where the project says so."""
    yield refused(name, beginning_with(start), Reason.POLYGLOT_PREAMBLE)
    yield accepted(name, beginning_with(start), values(PIXELS), erased, project=CLEANING)


@case(
    "B05",
    "A Windows program that is a DICOM file",
    "CVE-2019-11687: every viewer opens it as an image, and Windows runs it.",
)
def windows_program() -> Iterator[Sample]:
    yield from polyglot("scan.exe.dcm", b"MZ\x90\x00\x03\x00\x00\x00")


@case("B06", "A Linux program that is a DICOM file", "The same for ELF.")
def linux_program() -> Iterator[Sample]:
    yield from polyglot("scan.dcm", b"\x7fELF\x02\x01\x01\x00")


@case(
    "B07",
    "A macOS program; a TIFF; a name",
    "Mach-O is refused like the others. TIFF in a preamble is honest practice of pathology: taken, and "
    "erased like anything else that stands there.",
)
def other_preambles() -> Iterator[Sample]:
    for number, start in enumerate((b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")):
        yield from polyglot(f"mach-o-{number}.dcm", start + bytes(8))
    for start in (b"II*\x00\x08\x00", b"MM\x00*\x00\x08"):
        yield accepted("slide.dcm", beginning_with(start), values(PIXELS), erased)
    yield accepted("named.dcm", beginning_with(b"CANARYBIRD^CARLA"), values(PIXELS), erased)

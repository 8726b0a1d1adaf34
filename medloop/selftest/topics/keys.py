"""Keys as people and systems spell them: data, never paths, never decoded twice."""

import zlib
from collections.abc import Iterator

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.checks import values
from medloop.selftest.file import accepted, ignored, refused
from medloop.selftest.forge.dicom import dicom, ramp
from medloop.selftest.policies import DEFAULT

PIXELS = ramp()
E_ACUTE, E_AND_ACUTE = "\u00e9", "e\u0301"


def image(key: str) -> Sample:
    """A picture of its own under this key: no two of the corpus are copies."""
    number = zlib.crc32(key.encode()) + 1
    return accepted("", dicom(PIXELS, number=number), values(PIXELS), key=key)


@case(
    "E44",
    "Keys with +, spaces and Unicode, and without a suffix",
    "S3's own notifications spell them URL-encoded: whoever decodes not at all, or twice, ends in NoSuchKey.",
)
def odd_keys() -> Iterator[Sample]:
    for name in ("a + b (1)", "100%25.dcm", "Ünïcode/影像.dcm", "a&b=c?d#e", "no-suffix"):
        yield image(f"images/E44/{name}")


@case("B42", "Spaces in a key", "Not +, not %20: spaces.")
def spaces() -> Iterator[Sample]:
    yield image("images/B42/chest pa 1.dcm")
    yield image("labelled/one/B42/ leading and trailing .dcm")


@case("B43", "+ in a key", "Decoded by unquote_plus it would become a space, and another object.")
def plus() -> Iterator[Sample]:
    yield image("images/B43/t1+c.dcm")


@case("B44", "%2F in a key", "Decoded once too often it becomes another folder.")
def percent() -> Iterator[Sample]:
    yield image("images/B44/a%2Fb%252Fc.dcm")


@case(
    "B45",
    "Unicode in both forms, and emoji",
    "é typed as one character or as two is one class and two keys.",
)
def unicode_forms() -> Iterator[Sample]:
    for form in (E_ACUTE, E_AND_ACUTE):
        yield image(f"images/B45/caf{form}.dcm")
    yield image("images/B45/\U0001f9b4\U0001f468\u200d\u2695\ufe0f.dcm")


@case("B46", "A key of 1024 bytes", "The longest that S3 takes.")
def longest() -> Iterator[Sample]:
    start = "images/B46/"
    room = 1024 - len(f"{DEFAULT.project}/{start}.dcm")
    yield image(start + room * "k" + ".dcm")
    yield image(start + (room // 3) * "影" + ".dcm")


@case("B47", "../ in a key", "Just characters: nothing is ever opened by that name, and no project is left.")
def dots() -> Iterator[Sample]:
    yield image("images/B47/../../other/images/x.dcm")
    yield image("images/B47/./..dcm")
    yield refused("", dicom(PIXELS), Reason.MISPLACED, key="../images/x.dcm", part="purpose")


@case("B48", "Folders of no bytes", "What consoles write to show an empty folder; ignored, not refused.")
def folders() -> Iterator[Sample]:
    yield ignored("", b"", key="images/B48/")
    yield ignored("", b"", key="labelled/one/")
    yield image("images/B48/in-the-folder.dcm")

"""Of several vendors' files no identifier of the header is left in the bytes, and every pixel is."""

import os
from pathlib import Path

import pytest

from medloop.deidentify.file import deidentify
from medloop.imaging.dicom.file import DicomFile, open_dicom
from medloop.imaging.sniff import Format, sniff
from medloop.rules.project import Deidentification
from medloop.rules.reasons import Refused
from tests.identified import NAMES

DATA = Path(os.environ.get("MEDLOOP_DATA", Path(__file__).parents[3] / "shared" / "data"))

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason="no real images: set MEDLOOP_DATA"),
]

_UIDS = (0x00080018, 0x0020000D, 0x0020000E, 0x00200052)
_WHOLE = (0x00100010, 0x00100020, 0x00080050, 0x00080080, 0x00080081, 0x00081010)
_DATES = (0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x00100030)


def identifiers(file: DicomFile) -> set[bytes]:
    """Long enough that they cannot be there by chance."""
    values = {file.raw(tag).strip(b"\x00 ") for tag in (*_UIDS, *_WHOLE, *_DATES)}
    return {value for value in values if len(value) >= 6}


def header(file: DicomFile) -> bytes:
    """Everything before the pixels."""
    ends = [element.start for tag, element in file.elements.items() if tag == 0x7FE00010]
    return file.data[: min(ends, default=len(file.data))]


def test_no_identifier_is_left_in_a_header() -> None:
    seen = 0
    for path in sorted(path for path in (DATA / "dicom").rglob("*") if path.is_file())[::4]:
        data = path.read_bytes()
        if sniff(data) is not Format.DICOM:
            continue
        try:
            cleaned = deidentify(data, Deidentification(), NAMES).content
        except Refused:
            continue
        before, found = open_dicom(data), header(open_dicom(cleaned))
        left = [value for value in identifiers(before) if value in found]
        assert not left, f"{len(left)} identifiers are left in file {seen}"
        seen += 1
    assert seen > 100

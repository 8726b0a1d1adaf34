"""A sound archive gives every file whole, whoever made it, and leaves alone what is nobody's image."""

import io
import stat
import unicodedata
import zipfile

import pytest

from tests.images import dicom, png, ramp
from tests.zips import Item, crafted, many, unpack, zipped

IMAGES = {"a/1.dcm": dicom(ramp()), "a/b/ü 1+2%2F😀.png": png(ramp()), "DICOMDIR": b"index", "empty": b""}


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_every_method_gives_the_files_back(method: int) -> None:
    found = unpack(zipped({**IMAGES, "large.raw": bytes(range(256)) * 4000}, method))
    assert found.files == {**IMAGES, "large.raw": bytes(range(256)) * 4000}
    assert found.expansion is not None
    assert found.expansion.facts["expanded_bytes"] == sum(map(len, found.files.values()))


def test_an_archive_that_was_written_as_a_stream_is_read() -> None:
    class Pipe(io.RawIOBase):
        """What a zip program sees that writes to its standard output."""

        def __init__(self) -> None:
            self.parts: list[bytes] = []

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.parts.append(bytes(memoryview(data)))  # type: ignore[arg-type]
            return len(self.parts[-1])

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        archive.writestr("a.dcm", b"pixels" * 100)
        with archive.open("b.dcm", "w", force_zip64=True) as member:
            member.write(b"voxels" * 100)
    found = unpack(b"".join(pipe.parts))
    assert found.files == {"a.dcm": b"pixels" * 100, "b.dcm": b"voxels" * 100}


def test_zip64_counts_beyond_65535_files() -> None:
    found = unpack(many(70_000))
    assert len(found.files) == 70_000


def test_a_count_that_ran_over_is_understood() -> None:
    archive = crafted([Item(b"%d" % number, method=0) for number in range(65_537)], entries=1)
    assert len(unpack(archive).files) == 65_537


def test_junk_folders_and_documents_are_listed_and_left_alone() -> None:
    junk = ["__MACOSX/._1.dcm", "a/.DS_Store", "Thumbs.db", "._a", "DESKTOP.INI", "letter.docx"]
    archive = zipped({**IMAGES, **dict.fromkeys(junk, b"PK\x03\x04"), "a/": b"", "a/b/": b""})
    found = unpack(archive)
    assert found.files == IMAGES
    assert found.expansion is not None and found.expansion.ignored == len(junk) + 2


def test_a_folder_may_be_known_by_its_attributes_alone() -> None:
    archive = crafted([Item(b"folder", attributes=(stat.S_IFDIR | 0o755) << 16), Item(b"", b"nameless")])
    assert unpack(archive).files == {}


def test_names_that_differ_by_case_or_unicode_form_are_different_files() -> None:
    composed, decomposed = unicodedata.normalize("NFC", "ü"), unicodedata.normalize("NFD", "ü")
    files = {"A.dcm": b"1", "a.dcm": b"2", composed: b"3", decomposed: b"4"}
    assert unpack(zipped(files)).files == files


def test_dots_and_double_slashes_in_a_path_are_dropped() -> None:
    assert list(unpack(crafted([Item(b"./a//b/./c.dcm", b"1")])).files) == ["a/b/c.dcm"]


@pytest.mark.parametrize(
    ("written", "flags", "read"),
    [
        (b"M\x81ller.dcm", 0, "Müller.dcm"),
        ("Müller.dcm".encode(), 0, "Müller.dcm"),
        ("Müller.dcm".encode(), 0x800, "Müller.dcm"),
    ],
    ids=["code page 437", "UTF-8 undeclared", "UTF-8"],
)
def test_names_are_read_in_the_encoding_that_was_meant(written: bytes, flags: int, read: str) -> None:
    assert list(unpack(crafted([Item(written, b"1", flags=flags)])).files) == [read]


def test_a_comment_may_look_like_an_end() -> None:
    assert unpack(crafted([Item(b"a.dcm", b"1")], comment=b"PK\x05\x06" + bytes(10))).files == {"a.dcm": b"1"}


def test_an_archive_of_nothing_holds_nothing() -> None:
    found = unpack(zipped({}))
    assert found.reason is None and found.expansion is not None and found.expansion.members == 0


def test_files_come_in_the_order_of_their_data() -> None:
    items = [Item(b"b.dcm", b"1", method=0), Item(b"a.dcm", b"2", method=0)]
    assert list(unpack(crafted(items)).files) == ["b.dcm", "a.dcm"]

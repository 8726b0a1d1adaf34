"""What is wrong with an archive is told by its table of contents, before a byte of it is unpacked."""

import io
import stat
import struct
import zipfile

import pytest

from medloop.rules.archives import Limits
from medloop.rules.reasons import Reason
from tests.zips import Item, crafted, deflated_zeros, many, unpack, zipped

SOUND = Item(b"first.dcm", b"pixels" * 20)
WHOLE = crafted([SOUND])
BOMB = Item(b"bomb.dcm", packed=deflated_zeros(64), size=64 * 2**20)


def mode(kind: int) -> int:
    return (kind | 0o644) << 16


def overlapping() -> bytes:
    """Fifield's bomb: a file's data is the next file's header and data, so one kernel has many names."""
    inner = Item(b"b", b"kernel" * 100, method=0)
    kernel = crafted([inner])[: 30 + 1 + 600]
    quoted = Item(b"a", kernel, method=0)
    archive = crafted([quoted, Item(b"b", b"kernel" * 100, method=0, offset=31)])
    assert zipfile.ZipFile(io.BytesIO(archive)).namelist() == ["a", "b"]
    return archive


REFUSED: dict[str, tuple[bytes, Reason]] = {
    "a bomb of 1000 to 1": (crafted([SOUND, BOMB]), Reason.ZIP_EXPANSION),
    "files that overlap": (overlapping(), Reason.ZIP_DAMAGED),
    "one file under two names": (
        crafted([SOUND, Item(b"second.dcm", b"pixels" * 20, offset=0)]),
        Reason.ZIP_DAMAGED,
    ),
    "a nested zip": (zipped({"a.png": b"1", "inner.ZIP": b"2"}), Reason.ZIP_NESTED),
    "a nested tar": (zipped({"a.png": b"1", "inner.tar.gz": b"2"}), Reason.ZIP_NESTED),
    "a nested 7z": (zipped({"a.png": b"1", "deep/inner.7z": b"2"}), Reason.ZIP_NESTED),
    "a path to the parent": (crafted([SOUND, Item(b"../evil.dcm")]), Reason.ZIP_PATH),
    "a path through the parent": (crafted([SOUND, Item(b"a/../../evil.dcm")]), Reason.ZIP_PATH),
    "a folder to the parent": (crafted([SOUND, Item(b"../")]), Reason.ZIP_PATH),
    "an absolute path": (crafted([SOUND, Item(b"/etc/passwd")]), Reason.ZIP_PATH),
    "a drive": (crafted([SOUND, Item(b"C:/evil.dcm")]), Reason.ZIP_PATH),
    "a drive and backslashes": (crafted([SOUND, Item(b"C:\\evil.dcm")]), Reason.ZIP_PATH),
    "backslashes": (crafted([SOUND, Item(b"..\\evil.dcm")]), Reason.ZIP_PATH),
    "a zero byte": (crafted([SOUND, Item(b"a.dcm\x00.txt")]), Reason.ZIP_PATH),
    "a line end": (crafted([SOUND, Item(b"a\n.dcm")]), Reason.ZIP_PATH),
    "a name that is no UTF-8": (crafted([SOUND, Item(b"\xff\xfe.dcm")]), Reason.ZIP_PATH),
    "a name longer than a key": (crafted([SOUND, Item(b"x" * 1025)]), Reason.ZIP_PATH),
    "a symbolic link": (
        crafted([SOUND, Item(b"link", b"/etc/passwd", attributes=mode(stat.S_IFLNK))]),
        Reason.ZIP_SYMLINK,
    ),
    "a device": (crafted([SOUND, Item(b"sda", attributes=mode(stat.S_IFBLK))]), Reason.ZIP_SYMLINK),
    "a pipe": (crafted([SOUND, Item(b"pipe", attributes=mode(stat.S_IFIFO))]), Reason.ZIP_SYMLINK),
    "two files of one name": (crafted([SOUND, SOUND]), Reason.ZIP_DUPLICATE_NAME),
    "two spellings of one name": (
        crafted([SOUND, Item(b"./first.dcm", b"other")]),
        Reason.ZIP_DUPLICATE_NAME,
    ),
    "100 001 files": (many(100_001), Reason.ZIP_TOO_MANY_ENTRIES),
    "an encrypted file": (crafted([SOUND, Item(b"secret.dcm", b"x", flags=1)]), Reason.ZIP_ENCRYPTED),
    "a file encrypted by AES": (crafted([SOUND, Item(b"secret.dcm", method=99)]), Reason.ZIP_ENCRYPTED),
    "masked headers": (crafted([SOUND, Item(b"0", b"x", flags=0x2041)]), Reason.ZIP_ENCRYPTED),
    "Deflate64": (crafted([SOUND, Item(b"large.dcm", method=9)]), Reason.ZIP_METHOD),
    "Zstandard": (crafted([SOUND, Item(b"large.dcm", method=93)]), Reason.ZIP_METHOD),
    "a stored file of two sizes": (
        crafted([SOUND, Item(b"a.dcm", b"123", method=0, size=4)]),
        Reason.ZIP_DAMAGED,
    ),
    "no end": (WHOLE[:-5], Reason.ZIP_DAMAGED),
    "half of it": (WHOLE[:80], Reason.ZIP_DAMAGED),
    "nothing but noise": (bytes(range(256)), Reason.ZIP_DAMAGED),
    "a part of several": (WHOLE[:-18] + struct.pack("<H", 1) + WHOLE[-16:], Reason.ZIP_DAMAGED),
    "fewer files than announced": (crafted([SOUND], entries=2), Reason.ZIP_DAMAGED),
    "more files than announced": (crafted([SOUND, Item(b"b")], entries=1), Reason.ZIP_DAMAGED),
    "a table that begins elsewhere": (crafted([SOUND], offset=3), Reason.ZIP_DAMAGED),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_unpacked_of_an_archive_with(name: str) -> None:
    archive, reason = REFUSED[name]
    found = unpack(archive)
    assert found.reason == reason.value
    assert found.files == {}


@pytest.mark.parametrize("name", REFUSED)
def test_the_facts_are_numbers_and_technical_words(name: str) -> None:
    refusal = unpack(REFUSED[name][0]).refusal
    assert refusal is not None and refusal.facts
    words = {fact for fact in refusal.facts.values() if isinstance(fact, str)}
    assert not any(word in repr(refusal) for word in ("dcm", "evil", "passwd"))
    assert all(word.replace("_", "").replace("64", "").isalpha() for word in words)


def test_the_limits_say_what_was_found_and_what_is_allowed() -> None:
    found = unpack(zipped({"a.dcm": bytes(2000)}), Limits(harmless_bytes=1000, ratio=2)).refusal
    assert found is not None and found.reason is Reason.ZIP_EXPANSION
    assert found.facts["expanded_bytes"] == 2000 and found.facts["limit_bytes"] == 1000


def test_one_file_may_not_be_larger_than_its_limit() -> None:
    assert unpack(zipped({"a.dcm": bytes(2000)}), Limits(member_bytes=1999)).reason == "zip_expansion"


def test_all_files_together_may_not_be_larger_than_theirs() -> None:
    archive = zipped({"a.dcm": bytes(2000), "b.dcm": bytes(2000)})
    assert unpack(archive, Limits(total_bytes=3999)).reason == "zip_expansion"
    assert unpack(archive, Limits(total_bytes=4000)).reason is None


def test_a_table_of_contents_larger_than_its_limit_is_not_read() -> None:
    assert unpack(zipped({"a" * 200: b"1"}), Limits(directory_bytes=200)).reason == "zip_too_many_entries"


def test_what_a_folder_leaves_of_a_key_limits_the_paths() -> None:
    assert unpack(zipped({"abcdef": b"1"}), Limits(path_bytes=5)).reason == "zip_path"

"""What only the data shows: sizes that lie, checksums that fail, archives in disguise."""

import gzip
import io
import lzma
import tarfile
from typing import BinaryIO

import pytest

from medloop.archives.contents import CHUNK
from medloop.archives.expansion import expand
from medloop.rules.archives import Member
from medloop.rules.reasons import Reason, Refused
from tests.images import dicom, ramp
from tests.zips import Item, crafted, deflated, deflated_zeros, unpack, zipped

FIRST = Item(b"first.dcm", b"pixels" * 20)
BIG = deflated_zeros(8)
NIFTI = (348).to_bytes(4, "little") + bytes(340) + b"n+1\x00" + bytes(100)


def tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("inner.dcm"))
    return buffer.getvalue()


FAULTS: dict[str, tuple[Item, Reason]] = {
    "more bytes than declared": (Item(b"b", packed=BIG, size=1000), Reason.ZIP_EXPANSION),
    "nothing declared, megabytes inside": (Item(b"b", packed=BIG, size=0, crc=0), Reason.ZIP_EXPANSION),
    "fewer bytes than declared": (Item(b"b", b"123", size=4), Reason.ZIP_DAMAGED),
    "a wrong checksum": (Item(b"b", b"123", crc=1), Reason.ZIP_DAMAGED),
    "a cut stream": (Item(b"b", b"1" * 99, packed=deflated(b"1" * 99)[:-2]), Reason.ZIP_DAMAGED),
    "no deflate at all": (Item(b"b", b"123", packed=b"\xff\xff\xff"), Reason.ZIP_DAMAGED),
    "no bzip2 at all": (Item(b"b", b"123", packed=b"BZx noise", method=12), Reason.ZIP_DAMAGED),
    "no LZMA at all": (Item(b"b", b"123", packed=b"noise noise", method=14), Reason.ZIP_DAMAGED),
    "LZMA that asks for 4 GB": (
        Item(b"b", b"123", packed=b"\x09\x14\x05\x00\x5d\xff\xff\xff\xff" + bytes(20), method=14),
        Reason.ZIP_DAMAGED,
    ),
    "another local name": (Item(b"b", b"123", local={"name": b"c"}), Reason.ZIP_DAMAGED),
    "another local method": (Item(b"b", b"123", local={"method": 0}), Reason.ZIP_DAMAGED),
    "another local size": (Item(b"b", b"123", local={"size": 9}), Reason.ZIP_DAMAGED),
    "a zip in disguise": (Item(b"b.dcm", zipped({"inner.dcm": b"1"})), Reason.ZIP_NESTED),
    "a tar in disguise": (Item(b"b.dcm", tar()), Reason.ZIP_NESTED),
    "a gzip in disguise": (Item(b"b.dcm", gzip.compress(b"1" * 999)), Reason.ZIP_NESTED),
    "a tar as .nii.gz": (Item(b"b.nii.gz", gzip.compress(tar())), Reason.ZIP_NESTED),
    "a 7z in disguise": (Item(b"b.dcm", b"7z\xbc\xaf\x27\x1c" + bytes(99)), Reason.ZIP_NESTED),
    "an xz in disguise": (Item(b"b.dcm", lzma.compress(b"1" * 999)), Reason.ZIP_NESTED),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_archive_is_refused_and_the_faulty_file_is_not_kept(name: str) -> None:
    item, reason = FAULTS[name]
    found = unpack(crafted([FIRST, item, Item(b"third.dcm", b"3")]))
    assert found.reason == reason.value
    assert found.files == {"first.dcm": FIRST.content}
    assert found.refusal is not None
    assert (found.refusal.facts["unpacked"], found.refusal.facts["members"]) == (1, 3)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (b"scan.nii.gz", gzip.compress(NIFTI)),
        (b"scan.dcm", gzip.compress(NIFTI)),
        (b"damaged.nii.gz", b"\x1f\x8b\x08" + bytes(99)),
        (b"scan.dcm", b"PK\x03\x04" + dicom(ramp())[4:]),
    ],
    ids=["NIfTI", "NIfTI misnamed", "NIfTI damaged", "DICOM with a zip's preamble"],
)
def test_images_that_only_look_like_archives_are_unpacked(name: bytes, content: bytes) -> None:
    assert unpack(crafted([Item(name, content)])).files == {name.decode(): content}


def test_no_byte_beyond_the_declared_size_reaches_anybody() -> None:
    received: list[int] = []

    def put(member: Member, stream: BinaryIO) -> None:
        while chunk := stream.read(1000):
            received.append(len(chunk))

    lying = Item(b"b", packed=BIG, size=CHUNK + 1000)
    with pytest.raises(Refused):
        expand(io.BytesIO(crafted([lying])), put)
    assert sum(received) <= CHUNK + 1000


def test_a_fault_counts_although_the_taker_swallowed_it() -> None:
    def put(member: Member, stream: BinaryIO) -> None:
        try:
            stream.read()
        except Refused:
            return

    with pytest.raises(Refused) as refusal:
        expand(io.BytesIO(crafted([Item(b"b", b"123", crc=1)])), put)
    assert refusal.value.reason is Reason.ZIP_DAMAGED


def test_a_member_that_lies_there_already_need_not_be_read() -> None:
    seen: list[tuple[str, int, int]] = []
    archive = zipped({"a.dcm": b"12345", "b.dcm": b"1"})
    expansion = expand(io.BytesIO(archive), lambda m, _: seen.append((m.path, m.size, m.crc)))
    assert [(path, size) for path, size, _ in seen] == [("a.dcm", 5), ("b.dcm", 1)]
    assert expansion.members == 2


def test_what_the_taker_raises_passes_unchanged() -> None:
    def put(member: Member, stream: BinaryIO) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        expand(io.BytesIO(zipped({"a.dcm": b"1"})), put)


def test_reads_of_any_length_are_filled() -> None:
    """What uploads in parts takes a short read for the end."""
    content = bytes(range(256)) * 3000
    lengths: list[int] = []

    def put(member: Member, stream: BinaryIO) -> None:
        while chunk := stream.read(300_000):
            lengths.append(len(chunk))

    expand(io.BytesIO(zipped({"a.dcm": content})), put)
    assert lengths == [300_000, 300_000, 168_000]

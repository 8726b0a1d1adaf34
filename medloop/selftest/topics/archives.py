"""Zip archives: what they smuggle, where they point, and how large they become."""

import zlib
from collections.abc import Iterator

from medloop.rules.reasons import Reason
from medloop.selftest.archive import Archive, refused_archive
from medloop.selftest.case import Sample, case
from medloop.selftest.forge.bombs import GIGABYTE, deflated_zeros
from medloop.selftest.forge.dicom import CANARY, dicom, ramp
from medloop.selftest.forge.raster import png
from medloop.selftest.forge.zips import DEFLATED, ENCRYPTED, SYMLINK, Entry, archive, deflated
from medloop.selftest.topics.objects import directory

PIXELS = ramp()
IMAGE = dicom(PIXELS)


@case(
    "E31",
    "Folders as people zip them",
    "No DICOMDIR at the root, junk of three operating systems, images at every depth: images are taken, "
    "junk is left alone and counted, nothing else is smuggled in as extra data.",
)
def people_s_folders() -> Iterator[Sample]:
    entries = [
        Entry("study/", b""),
        deflated("study/series 1/IM000001", IMAGE),
        deflated("study/series 1/Ü 影.dcm", dicom(PIXELS + 1, number=2)),
        deflated("study/photo.png", png(ramp(16, 16, "u1", step=1))),
        Entry("study/DICOMDIR", directory()),
        Entry("__MACOSX/study/._IM000001", bytes(82)),
        Entry("study/.DS_Store", bytes(6148)),
        Entry("study/Thumbs.db", b"\xd0\xcf\x11\xe0" + bytes(508)),
        Entry("study/notes.txt", b"seen by " + CANARY.encode()),
    ]
    taken = dict.fromkeys(
        ("study/series 1/IM000001", "study/series 1/Ü 影.dcm", "study/photo.png"), "accepted"
    )
    others = {"study/DICOMDIR": "ignored", "study/notes.txt": Reason.NOT_AN_IMAGE.value}
    yield Archive("E31/study.zip", archive(entries), "accepted", taken | others, left_alone=4)


@case(
    "B29",
    "A thousand to one",
    "Zeros by the gigabyte: declared, undeclared, and the same bytes under many names. Refused by "
    "arithmetic, or where more comes out than was declared.",
)
def thousand_to_one() -> Iterator[Sample]:
    zeros = deflated_zeros()
    honest = Entry("zeros.dcm", zeros, GIGABYTE, DEFLATED, checksum=0)
    yield refused_archive("B29/honest.zip", archive([honest]), Reason.ZIP_EXPANSION)
    lying = Entry("zeros.dcm", zeros, 4096, DEFLATED, checksum=0)
    yield refused_archive("B29/lying.zip", archive([lying]), Reason.ZIP_EXPANSION)
    yield refused_archive("B29/overlapping.zip", overlapping(2000), Reason.ZIP_EXPANSION)


def overlapping(names: int) -> bytes:
    """One member's bytes under many names: far below deflate's ratio for each, and a gigabyte for all."""
    content = bytes(range(256)) * 2048
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(content) + packer.flush()
    one = Entry("0000.dcm", packed, len(content), DEFLATED, checksum=zlib.crc32(content))
    whole = archive([one])
    start = whole.index(b"PK\x01\x02")
    end = whole.index(b"PK\x05\x06")
    line = whole[start:end]
    listed = b"".join(line.replace(b"0000.dcm", b"%04d.dcm" % number) for number in range(names))
    counts = names.to_bytes(2, "little") * 2 + len(listed).to_bytes(4, "little") + whole[end + 16 :]
    return whole[:start] + listed + whole[end : end + 8] + counts


@case(
    "B30", "An archive in an archive", "By name or by content, also gzip and tar: unpacked once, never twice."
)
def nested() -> Iterator[Sample]:
    inner = archive([Entry("image.dcm", IMAGE)])
    yield refused_archive("B30/by-name.zip", archive([Entry("inner.zip", inner)]), Reason.ZIP_NESTED)
    yield refused_archive("B30/by-content.zip", archive([deflated("scan.dcm", inner)]), Reason.ZIP_NESTED)
    tar = b"scan.dcm".ljust(257, b"\x00") + b"ustar\x00" + bytes(249)
    yield refused_archive("B30/tar.zip", archive([deflated("scan.dcm", tar)]), Reason.ZIP_NESTED)


@case(
    "B31",
    "../, /, C:\\ in names",
    "Whoever joins them to a folder writes wherever the archive likes: the whole archive is refused.",
)
def paths() -> Iterator[Sample]:
    names = ("../evil.dcm", "a/../../evil.dcm", "/etc/evil.dcm", "C:\\evil.dcm", "..\\evil.dcm", "a\x00.dcm")
    for number, name in enumerate(names):
        entries = [Entry("good.dcm", IMAGE), Entry(name, IMAGE)]
        yield refused_archive(f"B31/path-{number}.zip", archive(entries), Reason.ZIP_PATH)


@case("B32", "A symbolic link", "First a link to a folder outside, then a file `in` it.")
def links() -> Iterator[Sample]:
    link = Entry("out", b"/tmp", attributes=SYMLINK)
    yield refused_archive("B32/link.zip", archive([link, Entry("out/evil.dcm", IMAGE)]), Reason.ZIP_SYMLINK)


@case("B33", "Two files of one name", "One tool takes the first, another the last.")
def duplicate_names() -> Iterator[Sample]:
    twice = [Entry("scan.dcm", IMAGE), Entry("./scan.dcm", dicom(PIXELS + 1))]
    yield refused_archive("B33/twice.zip", archive(twice), Reason.ZIP_DUPLICATE_NAME)
    # Upper and lower case are two keys, and so are the two forms of é.
    several = [Entry(name, dicom(PIXELS + number)) for number, name in enumerate(("a.dcm", "A.dcm"), start=1)]
    taken = {"a.dcm": "accepted", "A.dcm": "accepted"}
    yield Archive("B33/cases.zip", archive(several), "accepted", taken)


@case("B34", "100 001 files", "Each of them an upload, a message and a row.")
def many_entries() -> Iterator[Sample]:
    entries = (Entry(f"{number:06d}.dcm", b"") for number in range(100_001))
    yield refused_archive("B34/many.zip", archive(entries), Reason.ZIP_TOO_MANY_ENTRIES)


@case("B35", "Protected by a password; damaged", "Said at once, and not after half of it was unpacked.")
def encrypted() -> Iterator[Sample]:
    secret = Entry("scan.dcm", bytes(12) + IMAGE, len(IMAGE), flags=ENCRYPTED)
    yield refused_archive("B35/secret.zip", archive([secret]), Reason.ZIP_ENCRYPTED)
    whole = archive([deflated("scan.dcm", IMAGE)])
    yield refused_archive("B35/cut.zip", whole[:-30], Reason.ZIP_DAMAGED)
    wrong = Entry("scan.dcm", IMAGE, checksum=1)
    yield refused_archive("B35/checksum.zip", archive([wrong]), Reason.ZIP_DAMAGED)

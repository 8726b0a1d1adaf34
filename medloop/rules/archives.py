"""Whether a zip archive may be unpacked, judged by its table of contents before a byte of it is unpacked."""

import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from medloop.rules.junk import is_document, is_junk
from medloop.rules.paths import MAX_KEY_BYTES, path_problem, plain_path
from medloop.rules.reasons import Reason, Refused

LOCAL_HEADER_BYTES: Final = 30
"""What stands in front of each member's name and data (APPNOTE 4.3.7)."""

STORED, DEFLATED, BZIP2, LZMA, AES = 0, 8, 12, 14, 99
"""Compression methods (APPNOTE 4.4.5)."""

_METHODS: Final = frozenset({STORED, DEFLATED, BZIP2, LZMA})
_ENCRYPTED: Final = 0x0001 | 0x0040 | 0x2000
"""General purpose bits 0, 6 and 13: encrypted, strongly encrypted, headers masked (APPNOTE 4.4.4)."""

_LINKS_AND_DEVICES: Final = frozenset({stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK})

_ARCHIVES: Final = (
    *(".zip", ".zipx", ".7z", ".rar", ".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".gz", ".bz2", ".xz"),
    *(".zst", ".lzma", ".z", ".cab", ".arj", ".lzh", ".jar", ".war", ".iso", ".dmg"),
)
_GZIPPED_IMAGE: Final = ".nii.gz"


@dataclass(frozen=True)
class Limits:
    entries: int = 100_000
    directory_bytes: int = 32 * 2**20
    """Of the table of contents: an honest entry takes 100 to 200."""
    path_bytes: int = MAX_KEY_BYTES
    """Less what the folder's own key takes."""
    member_bytes: int = 4 * 2**30
    """Below the 5 GB that S3 takes in one piece; what the intake accepts of one image is far less."""
    total_bytes: int = 100 * 2**30
    ratio: int = 250
    """Nearly empty masks deflate 200 to 1, zeros 1000 to 1."""
    harmless_bytes: int = 16 * 2**20
    """May come out whatever the ratio: small blank-ish pictures deflate very well."""


LIMITS: Final = Limits()


@dataclass(frozen=True, repr=False, slots=True)
class Entry:
    """One line of the table of contents as it is written. Not printable: the name is the user's."""

    name: str
    written_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    """Bytes in the archive."""
    size: int
    """Bytes when unpacked, as declared."""
    offset: int
    """Where its local header begins."""
    mode: int
    """Unix file type and permissions; 0 where none were written."""


@dataclass(frozen=True, repr=False, slots=True)
class Member:
    """A file to be unpacked. Not printable: the path is the user's."""

    path: str
    """Relative to the archive's folder; no `..`, no empty part, nothing that a system would interpret."""
    entry: Entry
    end: int
    """Offset at which its data must have ended."""

    @property
    def size(self) -> int:
        return self.entry.size

    @property
    def crc(self) -> int:
        """CRC-32 of the unpacked bytes."""
        return self.entry.crc


@dataclass(frozen=True, repr=False)
class Listing:
    """What an archive holds. Not printable: names are the user's."""

    members: list[Member] = field(default_factory=list)
    """In the order in which their data lies."""
    ignored: list[str] = field(default_factory=list)
    """Names of folders, of what operating systems leave behind, and of office documents."""

    @property
    def bytes(self) -> int:
        return sum(member.size for member in self.members)


def check_size(entries: int, directory_bytes: int, limits: Limits = LIMITS) -> None:
    """By what the end of the archive declares, before the table of contents is read.

    Raises:
        Refused: ZIP_TOO_MANY_ENTRIES.
    """
    if entries > limits.entries:
        raise Refused(Reason.ZIP_TOO_MANY_ENTRIES, {"entries": entries, "limit": limits.entries})
    if directory_bytes > limits.directory_bytes:
        facts = {"directory_bytes": directory_bytes, "limit_bytes": limits.directory_bytes}
        raise Refused(Reason.ZIP_TOO_MANY_ENTRIES, {**facts})


def check_archive(entries: Iterable[Entry], data_bytes: int, limits: Limits = LIMITS) -> Listing:
    """All that the table of contents can tell. `data_bytes` is the offset at which that table begins.

    Names that differ by case or by Unicode form are different keys, so only equal ones are refused.

    Raises:
        Refused: ZIP_PATH, ZIP_SYMLINK, ZIP_ENCRYPTED, ZIP_NESTED, ZIP_METHOD, ZIP_DUPLICATE_NAME,
            ZIP_EXPANSION, ZIP_TOO_MANY_ENTRIES, or ZIP_DAMAGED where members overlap. The fact `entry`
            counts from 1.
    """
    found: list[tuple[str, Entry]] = []
    ignored: list[str] = []
    for number, entry in enumerate(entries, start=1):
        check_size(number, 0, limits)
        path = _admitted(entry, number, limits)
        if path is None:
            ignored.append(entry.name)
        else:
            found.append((path, entry))
    _check_names(found)
    found.sort(key=lambda pair: pair[1].offset)
    ends = [entry.offset for _, entry in found[1:]] + [data_bytes]
    members = [Member(path, entry, end) for (path, entry), end in zip(found, ends, strict=False)]
    _check_expansion(members, data_bytes, limits)
    _check_overlaps(members)
    return Listing(members, ignored)


def is_archive_name(path: str) -> bool:
    """Archives, and single files compressed once more, but not `.nii.gz`, which is a format of images."""
    name = path.lower()
    return name.endswith(_ARCHIVES) and not name.endswith(_GZIPPED_IMAGE)


def _admitted(entry: Entry, number: int, limits: Limits) -> str | None:
    """Its path, or None where it is left alone."""
    problem = path_problem(entry.name, limits.path_bytes)
    if problem is not None:
        raise Refused(Reason.ZIP_PATH, {"entry": number, "problem": problem})
    kind = stat.S_IFMT(entry.mode)
    if kind in _LINKS_AND_DEVICES:
        word = "link" if kind == stat.S_IFLNK else "special"
        raise Refused(Reason.ZIP_SYMLINK, {"entry": number, "problem": word})
    path = plain_path(entry.name)
    if not path or entry.name.endswith("/") or kind == stat.S_IFDIR or is_junk(path) or is_document(path):
        return None
    _check_readable(entry, number)
    if is_archive_name(path):
        raise Refused(Reason.ZIP_NESTED, {"entry": number})
    if entry.size > limits.member_bytes:
        facts = {"entry": number, "expanded_bytes": entry.size, "limit_bytes": limits.member_bytes}
        raise Refused(Reason.ZIP_EXPANSION, {**facts})
    return path


def _check_readable(entry: Entry, number: int) -> None:
    if entry.flags & _ENCRYPTED or entry.method == AES:
        raise Refused(Reason.ZIP_ENCRYPTED, {"entry": number})
    if entry.method not in _METHODS:
        raise Refused(Reason.ZIP_METHOD, {"entry": number, "method": entry.method})
    if entry.method == STORED and entry.packed != entry.size:
        facts = {"entry": number, "expected_bytes": entry.size, "actual_bytes": entry.packed}
        raise Refused(Reason.ZIP_DAMAGED, {**facts, "problem": "size"})


def _check_names(found: list[tuple[str, Entry]]) -> None:
    seen: set[str] = set()
    for path, _ in found:
        if path in seen:
            raise Refused(Reason.ZIP_DUPLICATE_NAME, {"files": len(found)})
        seen.add(path)


def _check_expansion(members: list[Member], data_bytes: int, limits: Limits) -> None:
    total = sum(member.size for member in members)
    limit = min(limits.total_bytes, max(limits.harmless_bytes, limits.ratio * data_bytes))
    if total > limit:
        facts = {"archive_bytes": data_bytes, "expanded_bytes": total, "limit_bytes": limit}
        raise Refused(Reason.ZIP_EXPANSION, {**facts})


def _check_overlaps(members: list[Member]) -> None:
    """The same compressed bytes under many names: a bomb that stays below deflate's ratio (Fifield 2019)."""
    for member in members:
        entry = member.entry
        if entry.offset + LOCAL_HEADER_BYTES + len(entry.written_name) + entry.packed > member.end:
            raise Refused(Reason.ZIP_DAMAGED, {"problem": "overlap", "offset": entry.offset})

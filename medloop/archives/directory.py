"""The table of contents at the end of a zip archive (PKWARE APPNOTE 6.3), read entry by entry."""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from medloop.rules.archives import LIMITS, Entry, Limits, Listing, check_archive, check_size
from medloop.rules.reasons import Reason, Refused

_END: Final = struct.Struct("<4s4H2LH")
"""End of central directory record (APPNOTE 4.3.16)."""

_LOCATOR: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
"""The zip64 forms (APPNOTE 4.3.15, 4.3.14)."""

_RECORD: Final = struct.Struct("<4s4B4H3L5H2L")
"""Central directory file header (APPNOTE 4.3.12)."""

_LONGEST_COMMENT: Final = 2**16 - 1
_FULL16, _FULL32 = 2**16 - 1, 2**32 - 1
"""What a field holds whose value stands in the zip64 form."""

_UTF8_NAME: Final = 0x0800
_EXTRA_ZIP64, _EXTRA_UNICODE_NAME = 0x0001, 0x7075


@dataclass(frozen=True)
class End:
    """What the end of the archive declares."""

    entries: int
    directory_bytes: int
    offset: int
    """Where the table of contents begins."""


def read_listing(file: BinaryIO, limits: Limits = LIMITS) -> Listing:
    """What may be unpacked; nothing is unpacked yet. `file` is seekable and buffered.

    Raises:
        Refused: as medloop.rules.archives.check_archive, and ZIP_DAMAGED.
    """
    end = find_end(file)
    check_size(end.entries, end.directory_bytes, limits)
    return check_archive(_entries(file, end), end.offset, limits)


def find_end(file: BinaryIO) -> End:
    """Raises Refused: ZIP_DAMAGED where the archive is cut off, split, or none at all."""
    size = file.seek(0, io.SEEK_END)
    start = max(0, size - _END.size - _LONGEST_COMMENT)
    file.seek(start)
    tail = file.read(size - start)
    position = tail.rfind(b"PK\x05\x06")
    while position >= 0:
        end = _read_end(file, tail, position, start)
        if end is not None:
            return end
        position = tail.rfind(b"PK\x05\x06", 0, position)
    raise damaged("no_directory", archive_bytes=size)


def _read_end(file: BinaryIO, tail: bytes, position: int, start: int) -> End | None:
    """The record at this position; None where those four bytes are something else."""
    if position + _END.size > len(tail):
        return None
    _, disk, first_disk, here, entries, length, offset, comment = _END.unpack_from(tail, position)
    if position + _END.size + comment > len(tail):
        return None
    limit = start + position
    if _FULL16 in (here, entries) or _FULL32 in (length, offset):
        found = _read_end64(file, limit)
        if found is not None:
            return found
    if disk or first_disk or here != entries:
        raise damaged("split")
    return End(entries, length, offset) if offset + length <= limit else None


def _read_end64(file: BinaryIO, end: int) -> End | None:
    if end < _LOCATOR.size:
        return None
    file.seek(end - _LOCATOR.size)
    signature, _, at, disks = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if signature != b"PK\x06\x07":
        return None
    if at + _END64.size > end or disks > 1:
        raise damaged("zip64")
    file.seek(at)
    signature, _, _, _, disk, first_disk, here, entries, length, offset = _END64.unpack(
        file.read(_END64.size)
    )
    if signature != b"PK\x06\x06" or disk or first_disk or here != entries or offset + length > at:
        raise damaged("zip64")
    return End(entries, length, offset)


def _entries(file: BinaryIO, end: End) -> Iterator[Entry]:
    file.seek(end.offset)
    read = count = 0
    while read < end.directory_bytes:
        raw = file.read(_RECORD.size)
        if len(raw) < _RECORD.size or raw[:4] != b"PK\x01\x02":
            if raw[:4] == b"PK\x05\x05":  # a digital signature ends the table (APPNOTE 4.3.13)
                break
            raise damaged("directory", offset=end.offset + read)
        fields = _RECORD.unpack(raw)
        name, extra, comment = (file.read(length) for length in fields[12:15])
        read += _RECORD.size + len(name) + len(extra) + len(comment)
        if read > end.directory_bytes:
            raise damaged("directory", offset=end.offset + read)
        count += 1
        yield _entry(fields, name, extra)
    # Writers without zip64 count modulo 65536: Archive Utility of macOS is one.
    if count != end.entries and count % 2**16 != end.entries:
        raise damaged("entries", expected_entries=end.entries, actual_entries=count)


def _entry(fields: tuple[int, ...], name: bytes, extra: bytes) -> Entry:
    flags, method, crc, packed, size = fields[5], fields[6], fields[9], fields[10], fields[11]
    attributes, offset = fields[17], fields[18]
    extras = dict(_extras(extra))
    values = [size, packed, offset]
    if _FULL32 in values:
        values = widened(values, extras.get(_EXTRA_ZIP64, b""))
    size, packed, offset = values
    return Entry(
        name=_decoded(name, flags, extras.get(_EXTRA_UNICODE_NAME, b"")),
        written_name=name,
        flags=flags,
        method=method,
        crc=crc,
        packed=packed,
        size=size,
        offset=offset,
        mode=attributes >> 16,
    )


def widened(values: list[int], extra: bytes) -> list[int]:
    """Each full 32-bit field is replaced by the next 64-bit one of the zip64 extra field (APPNOTE 4.5.3)."""
    wide = iter(struct.unpack_from(f"<{len(extra) // 8}Q", extra))
    try:
        return [next(wide) if value == _FULL32 else value for value in values]
    except (StopIteration, RuntimeError):
        raise damaged("zip64") from None


def zip64_extra(extra: bytes) -> bytes:
    return dict(_extras(extra)).get(_EXTRA_ZIP64, b"")


def damaged(problem: str, **facts: int) -> Refused:
    return Refused(Reason.ZIP_DAMAGED, {"problem": problem, **facts})


def _extras(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Fields as (id, content); a cut-off last one is passed over, as many writers pad with zeros."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        yield kind, extra[position + 4 : position + 4 + length]
        position += 4 + length


def _decoded(name: bytes, flags: int, unicode_name: bytes) -> str:
    """UTF-8 where it is declared; otherwise where it fits, since many writers forget to declare it.

    What is declared as UTF-8 and is none keeps surrogates, which no path may hold.
    """
    if flags & _UTF8_NAME:
        return name.decode("utf-8", "surrogateescape")
    if name.isascii():
        return name.decode("ascii")
    # Info-ZIP Unicode Path (APPNOTE 4.6.9): version 1, then the CRC of the name that it replaces.
    if unicode_name[:5] == b"\x01" + zlib.crc32(name).to_bytes(4, "little"):
        return unicode_name[5:].decode("utf-8", "surrogateescape")
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("cp437")

"""Zip archives laid out by hand, so that every field can lie."""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

STORED: Final = 0
DEFLATED: Final = 8
ENCRYPTED: Final = 0x0001
UTF8: Final = 0x0800
SYMLINK: Final = 0o120777 << 16
"""External attributes of a Unix link; its content is where it points."""


@dataclass(frozen=True)
class Entry:
    name: str | bytes
    content: bytes
    """As it stands in the archive: compressed already, where it is."""
    size: int = -1
    """Uncompressed; that of the content unless stated."""
    method: int = STORED
    flags: int = UTF8
    attributes: int = 0
    checksum: int | None = None


def deflated(name: str, content: bytes) -> Entry:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(content) + packer.flush()
    return Entry(name, packed, len(content), DEFLATED, checksum=zlib.crc32(content))


def archive(entries: Iterable[Entry]) -> bytes:
    """Local headers with their contents, the directory, its end."""
    parts, directory, offset, count = [], [], 0, 0
    for entry in entries:
        fields, name = _fields(entry), _name(entry)
        local = b"PK\x03\x04" + fields + name + entry.content
        where = struct.pack("<HHHII", 0, 0, 0, entry.attributes, offset)
        directory.append(b"PK\x01\x02" + struct.pack("<H", 0x031E) + fields + where + name)
        parts.append(local)
        offset += len(local)
        count += 1
    listed = b"".join(directory)
    return b"".join(parts) + listed + _end(count, len(listed), offset)


def _end(count: int, length: int, offset: int) -> bytes:
    """The end record, in front of it the wide one where 16 bits are too few for the number of entries."""
    wide = b""
    if count > 0xFFFF:
        wide = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, length, offset)
        wide += b"PK\x06\x07" + struct.pack("<IQI", 0, offset + length, 1)
    few = min(count, 0xFFFF)
    return wide + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, few, few, length, offset, 0)


def _fields(entry: Entry) -> bytes:
    """What a local header and the directory say alike."""
    size = len(entry.content) if entry.size < 0 else entry.size
    checksum = zlib.crc32(entry.content) if entry.checksum is None else entry.checksum
    sizes = (len(entry.content), size, len(_name(entry)), 0)
    return struct.pack("<HHHHHIIIHH", 20, entry.flags, entry.method, 0, 0x21, checksum, *sizes)


def _name(entry: Entry) -> bytes:
    return entry.name if isinstance(entry.name, bytes) else entry.name.encode()

"""Generated zip archives shared by the tests: sound ones, and others that no program would write."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from medloop.archives.expansion import Expansion, expand
from medloop.rules.archives import LIMITS, Limits, Member
from medloop.rules.reasons import Refused

UTF8_NAMES = 0x0800


@dataclass
class Outcome:
    files: dict[str, bytes]
    """What was unpacked whole, also where the archive was refused afterwards."""
    refusal: Refused | None = None
    expansion: Expansion | None = None

    @property
    def reason(self) -> str | None:
        return None if self.refusal is None else self.refusal.reason.value


def unpack(archive: bytes | BinaryIO, limits: Limits = LIMITS) -> Outcome:
    found = Outcome({})

    def put(member: Member, stream: BinaryIO) -> None:
        found.files[member.path] = stream.read()

    file = io.BytesIO(archive) if isinstance(archive, bytes) else archive
    try:
        found.expansion = expand(file, put, limits)
    except Refused as refusal:
        found.refusal = refusal
    return found


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def deflated(content: bytes, level: int = 6) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def deflated_zeros(megabytes: int) -> bytes:
    """A raw deflate stream of so many megabytes of zeros, about a thousandth as long."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * megabytes + packer.flush()


def crc_of_zeros(megabytes: int) -> int:
    crc, block = 0, bytes(2**20)
    for _ in range(megabytes):
        crc = zlib.crc32(block, crc)
    return crc


@dataclass
class Item:
    """A member field by field; what is None is what it honestly would be."""

    name: bytes
    content: bytes = b""
    flags: int = UTF8_NAMES
    method: int = 8
    packed: bytes | None = None
    size: int | None = None
    crc: int | None = None
    attributes: int = 0
    offset: int | None = None
    extra: bytes = b""
    local: dict[str, int | bytes] = field(default_factory=dict)
    """What the local header says otherwise: name, flags, method, crc, packed, size."""

    @property
    def data(self) -> bytes:
        if self.packed is not None:
            return self.packed
        return deflated(self.content) if self.method == 8 else self.content

    @property
    def stated(self) -> dict[str, int | bytes]:
        return {
            "name": self.name,
            "flags": self.flags,
            "method": self.method,
            "crc": zlib.crc32(self.content) if self.crc is None else self.crc,
            "packed": len(self.data),
            "size": len(self.content) if self.size is None else self.size,
        }


def crafted(items: Iterable[Item], comment: bytes = b"", **end: int) -> bytes:
    """An archive of exactly these; `end` overrides entries, length and offset of the end record."""
    body, directory, count = io.BytesIO(), io.BytesIO(), 0
    for item in items:
        offset = body.tell() if item.offset is None else item.offset
        if item.offset is None:
            body.write(_local(item))
        directory.write(_central(item, offset))
        count += 1
    stated = {"entries": count, "length": directory.tell(), "offset": body.tell(), **end}
    record = struct.pack(
        "<4s4H2LH",
        b"PK\x05\x06",
        0,
        0,
        stated["entries"],
        stated["entries"],
        stated["length"],
        stated["offset"],
        len(comment),
    )
    return body.getvalue() + directory.getvalue() + record + comment


def many(count: int) -> bytes:
    """An archive of so many empty files, as zip64 where it must be."""
    body, directory = io.BytesIO(), io.BytesIO()
    for number in range(count):
        item = Item(b"series/%06d.dcm" % number, method=0)
        offset = body.tell()
        body.write(_local(item))
        directory.write(_central(item, offset))
    offset, length = body.tell(), directory.tell()
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, offset + length, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2**16 - 1, 2**16 - 1, 2**32 - 1, 2**32 - 1, 0)
    return body.getvalue() + directory.getvalue() + end64 + locator + end


def _local(item: Item) -> bytes:
    stated = {**item.stated, **item.local}
    name = stated["name"]
    assert isinstance(name, bytes)
    numbers = [stated[key] for key in ("crc", "packed", "size")]
    return (
        struct.pack("<4s5H", b"PK\x03\x04", 20, stated["flags"], stated["method"], 0, 33)
        + struct.pack("<3L2H", *numbers, len(name), len(item.extra))
        + name
        + item.extra
        + item.data
    )


def _central(item: Item, offset: int) -> bytes:
    stated = item.stated
    numbers = [stated[key] for key in ("crc", "packed", "size")]
    lengths = [len(item.name), len(item.extra), 0, 0, 0]
    return (
        struct.pack("<4s4B4H", b"PK\x01\x02", 20, 3, 20, 0, item.flags, item.method, 0, 33)
        + struct.pack("<3L5H2L", *numbers, *lengths, item.attributes, offset)
        + item.name
        + item.extra
    )

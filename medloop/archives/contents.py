"""One member's bytes: unpacked piece by piece, counted against what was declared, and checked at the end."""

import bz2
import io
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from medloop.archives.directory import damaged, widened, zip64_extra
from medloop.archives.nested import HEAD_BYTES, is_archive
from medloop.rules.archives import BZIP2, DEFLATED, LOCAL_HEADER_BYTES, LZMA, STORED, Member
from medloop.rules.reasons import Reason, Refused

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE: Final = 2**16
"""Compressed bytes that are read at a time."""

CHUNK: Final = 2**18
"""Unpacked bytes that exist at a time."""

_LOCAL: Final = struct.Struct("<4s5H3L2H")
"""Local file header (APPNOTE 4.3.7)."""

_SIZES_FOLLOW: Final = 0x0008
"""General purpose bit 3: CRC and sizes stand behind the data, so the local header knows none."""

_END_MARKER: Final = 0x0002
"""General purpose bit 1 of LZMA: the stream says itself where it ends."""

_LZMA_MEMORY: Final = 24 * 2**20
"""Bytes for a dictionary of 16 MB and what the decoder needs beside it."""


class Unpacker(Protocol):
    """As bz2 and lzma have it: at most `max_length` bytes come out, whatever goes in."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class Inflater:
    """zlib's raw deflate with the manners of bz2 and lzma."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(-zlib.MAX_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    def decompress(self, data: bytes, max_length: int) -> bytes:
        unpacked = self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length)
        # A full piece may leave some inside that comes out without any more input.
        self.needs_input = len(unpacked) < max_length
        return unpacked


class MemberReader(io.RawIOBase):
    """The member's bytes; reading to the end proves them. Wrap it into io.BufferedReader."""

    def __init__(self, file: BinaryIO, member: Member) -> None:
        super().__init__()
        self.fault: Refused | None = None
        self._chunks = proven(file, member)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        target = memoryview(buffer).cast("B")
        if not self._left:
            self._left = memoryview(self._next())
        count = min(len(target), len(self._left))
        target[:count], self._left = self._left[:count], self._left[count:]
        return count

    def _next(self) -> bytes:
        try:
            return next(self._chunks, b"")
        except Refused as fault:
            # Whoever reads may swallow it: the archive must not pass for sound then.
            self.fault = fault
            raise


def proven(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """Never more bytes than declared, and none that begin another archive.

    Raises:
        Refused: ZIP_EXPANSION where more come out than was declared, ZIP_NESTED, ZIP_DAMAGED.
    """
    crc = size = 0
    head: bytes | None = b""
    for chunk in unpacked(file, member):
        size += len(chunk)
        if size > member.size:
            raise Refused(Reason.ZIP_EXPANSION, {"declared_bytes": member.size})
        crc = zlib.crc32(chunk, crc)
        if head is None:
            yield chunk
            continue
        head += chunk
        if size >= min(HEAD_BYTES, member.size):
            _check_head(member, head)
            yield head
            head = None
    if size != member.size:
        raise damaged("size", expected_bytes=member.size, actual_bytes=size)
    if crc != member.crc:
        raise damaged("crc", actual_bytes=size)


def _check_head(member: Member, head: bytes) -> None:
    if is_archive(member.path, head[:HEAD_BYTES]):
        raise Refused(Reason.ZIP_NESTED, {"unpacked_bytes": member.size})


def unpacked(file: BinaryIO, member: Member) -> Iterator[bytes]:
    entry = member.entry
    file.seek(_data_start(file, member))
    if entry.method == STORED:
        return _copied(file, entry.packed)
    if not entry.packed and not entry.size:
        return iter(())
    if entry.method == LZMA:
        decoder, header = _lzma(file, member)
        return _decoded(file, entry.packed - header, decoder)
    return _decoded(file, entry.packed, _DECODERS[entry.method]())


def _data_start(file: BinaryIO, member: Member) -> int:
    """Behind the local header, once that agrees with the directory."""
    entry = member.entry
    file.seek(entry.offset)
    raw = file.read(LOCAL_HEADER_BYTES)
    if len(raw) < LOCAL_HEADER_BYTES or raw[:4] != b"PK\x03\x04":
        raise damaged("local_header", offset=entry.offset)
    _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(raw)
    name, extra = file.read(name_length), file.read(extra_length)
    start: int = entry.offset + LOCAL_HEADER_BYTES + name_length + extra_length
    if 2**32 - 1 in (size, packed):
        size, packed = widened([size, packed], zip64_extra(extra))
    stated, expected = (crc, packed, size), (entry.crc, entry.packed, entry.size)
    is_same = stated == expected or (flags | entry.flags) & _SIZES_FOLLOW
    if name != entry.written_name or method != entry.method or not is_same:
        raise damaged("local_header", offset=entry.offset)
    if start + entry.packed > member.end:
        raise damaged("overlap", offset=entry.offset)
    return start


def _copied(file: BinaryIO, left: int) -> Iterator[bytes]:
    while left:
        piece = file.read(min(left, CHUNK))
        if not piece:
            raise damaged("truncated")
        left -= len(piece)
        yield piece


def _decoded(file: BinaryIO, left: int, decoder: Unpacker) -> Iterator[bytes]:
    while not decoder.eof:
        piece = b""
        if decoder.needs_input:
            piece = file.read(min(left, PIECE))
            left -= len(piece)
        wanted = decoder.needs_input and not piece
        chunk = _decompress(decoder, piece)
        if chunk:
            yield chunk
        elif wanted:
            raise damaged("truncated")


def _decompress(decoder: Unpacker, piece: bytes) -> bytes:
    try:
        return decoder.decompress(piece, CHUNK)
    except (zlib.error, lzma.LZMAError, OSError) as error:  # bz2 has no error of its own
        raise damaged("compression") from error


def _lzma(file: BinaryIO, member: Member) -> tuple[Unpacker, int]:
    """The decoder, and how many bytes of the data were its properties (APPNOTE 5.8.8)."""
    entry = member.entry
    head = file.read(min(9, entry.packed))
    if len(head) < 9 or head[2:4] != b"\x05\x00":
        raise damaged("compression")
    size = 2**64 - 1 if entry.flags & _END_MARKER else entry.size
    decoder = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_LZMA_MEMORY)
    _decompress(decoder, head[4:] + size.to_bytes(8, "little"))
    return decoder, len(head)


_DECODERS: Final[dict[int, Callable[[], Unpacker]]] = {DEFLATED: Inflater, BZIP2: bz2.BZ2Decompressor}

"""How a process and its decoder talk over two pipes: a header in JSON, then bytes as they are."""

import json
import struct
from typing import IO, Any, Final

Header = dict[str, Any]

_LENGTHS: Final = struct.Struct("<IQ")
"""Bytes of the header, bytes of what follows."""


class Ended(Exception):
    """The other side has closed its end, or died."""


def send(pipe: IO[bytes], header: Header, *parts: memoryview) -> None:
    """Raises Ended."""
    text = json.dumps(header).encode("ascii")
    try:
        pipe.write(_LENGTHS.pack(len(text), sum(part.nbytes for part in parts)) + text)
        for part in parts:
            pipe.write(part)
        pipe.flush()
    except (BrokenPipeError, ConnectionResetError) as error:
        raise Ended from error


def receive_header(pipe: IO[bytes]) -> tuple[Header, int]:
    """The header, and how many bytes follow it. Raises Ended."""
    text_bytes, following = _LENGTHS.unpack(receive(pipe, _LENGTHS.size))
    return json.loads(receive(pipe, text_bytes)), following


def receive(pipe: IO[bytes], size: int) -> bytes:
    """Exactly `size` bytes. Raises Ended."""
    content = pipe.read(size)
    if len(content) < size:
        raise Ended
    return content

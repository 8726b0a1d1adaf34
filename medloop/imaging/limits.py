"""How much one upload may cost before it is refused."""

from typing import Final

from medloop.rules.reasons import Reason, Refused

MAX_VALUES: Final = 89_000_000
"""Pixels times channels of one picture: 356 MB as float32, and below Pillow's own warning threshold."""

MAX_ELEMENTS: Final = 100_000
"""DICOM elements of one object, nested ones included: about 0.1 s of reading."""

MAX_DEPTH: Final = 32
"""Sequences within sequences; real objects stay below ten."""

MAX_INFLATION: Final = 100
"""Honest pictures deflate to a third; a bomb is a thousand times smaller than what it holds."""

MIN_INFLATED: Final = 16 * 2**20
"""Bytes that may be inflated whatever the ratio: small blank-ish pictures deflate very well."""


MAX_INFLATED: Final = 512 * 2**20
"""Bytes that may be inflated at most, whatever the file's size."""

MAX_CHUNKS: Final = 100_000
"""PNG chunks, JPEG segments or DICOM fragments of one file; walking them takes about 0.1 s."""


def check_chunks(count: int) -> None:
    """Raises Refused: BAD_HEADER above MAX_CHUNKS."""
    if count > MAX_CHUNKS:
        raise Refused(Reason.BAD_HEADER, {"problem": "chunks", "limit": MAX_CHUNKS})


def check_values(rows: int, columns: int, channels: int) -> None:
    """Called with what the header declares, before anything is decoded or allocated.

    Raises:
        Refused: BAD_HEADER for a side below one pixel, PIXEL_LIMIT above MAX_VALUES.
    """
    facts: dict[str, int | float | str] = {"rows": rows, "columns": columns, "channels": channels}
    if min(rows, columns, channels) < 1:
        raise Refused(Reason.BAD_HEADER, facts)
    if rows * columns * channels > MAX_VALUES:
        raise Refused(Reason.PIXEL_LIMIT, {**facts, "limit_values": MAX_VALUES})

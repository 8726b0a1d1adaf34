"""How much one upload may cost before it is refused."""

from typing import Final

from medloop.rules.reasons import Reason, Refused

MAX_PIXELS: Final = 89_000_000
"""Pixels of a PNG, JPEG or TIFF page: below Pillow's own warning threshold."""

MAX_VALUES: Final = 2**27
"""Values of one image, channels and frames included: 512 MiB as float32. A file at the upload limit of
256 MiB holds no more in 16 bits."""

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

MAX_TEXT_INFLATED: Final = 2**20
"""Bytes of all compressed comments and colour profiles of a PNG together."""

MAX_CHUNKS: Final = 100_000
"""PNG chunks, JPEG segments or DICOM fragments of one file; walking them takes about 0.1 s."""

MAX_TILES: Final = 65_535
"""Of one JPEG 2000 codestream, the most that its own markers can number."""


def check_chunks(count: int) -> None:
    """Raises Refused: BAD_HEADER above MAX_CHUNKS."""
    if count > MAX_CHUNKS:
        raise Refused(Reason.BAD_HEADER, {"problem": "chunks", "limit": MAX_CHUNKS})


def check_pixels(rows: int, columns: int, channels: int = 1) -> None:
    """Of a raster, as its header declares them, before anything is decoded or allocated.

    Raises:
        Refused: BAD_HEADER for a side below one pixel, PIXEL_LIMIT above MAX_PIXELS or MAX_VALUES.
    """
    facts: dict[str, int | float | str] = {"rows": rows, "columns": columns, "channels": channels}
    if min(rows, columns, channels) < 1:
        raise Refused(Reason.BAD_HEADER, facts)
    if rows * columns > MAX_PIXELS or rows * columns * channels > MAX_VALUES:
        raise Refused(Reason.PIXEL_LIMIT, {**facts, "limit_pixels": MAX_PIXELS, "limit_values": MAX_VALUES})


def check_declared(values: int, facts: dict[str, int | float | str]) -> None:
    """Of a DICOM object or a volume, likewise; `facts` are what the number was computed from.

    Raises:
        Refused: BAD_HEADER below one value, DECLARED_SIZE_TOO_LARGE above MAX_VALUES.
    """
    if values < 1:
        raise Refused(Reason.BAD_HEADER, facts)
    if values > MAX_VALUES:
        raise Refused(Reason.DECLARED_SIZE_TOO_LARGE, {**facts, "limit_values": MAX_VALUES})

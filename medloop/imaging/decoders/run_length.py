"""DICOM run lengths (PS3.5 annex G), read with patience: for what the native decoder gives up on."""

from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused


def unpack(segment: bytes, wanted: int) -> bytes:
    """Exactly `wanted` bytes; whatever pads the segment behind them is left alone.

    Raises:
        Refused: PIXEL_LENGTH_MISMATCH where the segment holds fewer.
    """
    out = bytearray()
    position, size = 0, len(segment)
    while position < size and len(out) < wanted:
        control = segment[position]
        if control < 128:
            out += segment[position + 1 : position + 2 + control]
            position += 2 + control
        elif control > 128:
            out += segment[position + 1 : position + 2] * (257 - control)
            position += 2
        else:
            position += 1
    if len(out) < wanted:
        facts: Facts = {"expected_bytes": wanted, "actual_bytes": len(out)}
        raise Refused(Reason.PIXEL_LENGTH_MISMATCH, facts)
    return bytes(out[:wanted])

"""Where in its bits a stored value lies, and whether it has a sign (PS3.5 §8.1.1)."""

from typing import Any

from numpy.typing import NDArray

Values = NDArray[Any]


def significant(values: Values, stored: int, high: int, signed: bool) -> Values:
    """The `stored` bits up to bit `high` of unsigned integers, sign-extended.

    What the other bits hold falls away: overlays and junk, in files of old scanners.
    """
    allocated = 8 * values.dtype.itemsize
    if stored == allocated:
        return values.view(f"{values.dtype.byteorder}i{values.dtype.itemsize}") if signed else values
    shift = high + 1 - stored
    if not signed:
        mask = values.dtype.type((1 << stored) - 1)
        kept: Values = (values >> shift) & mask if shift else values & mask
        return kept
    extended = values.astype(f"u{values.dtype.itemsize}")
    extended <<= allocated - 1 - high
    extended = extended.view(f"i{values.dtype.itemsize}")
    extended >>= allocated - stored
    return extended


def is_left_aligned(values: Values, stored: int, high: int) -> bool:
    """Whether the bits below the stored ones are as empty as a high bit above `stored - 1` has them be."""
    below = values.dtype.type((1 << (high + 1 - stored)) - 1)
    return not (values & below).any()


def as_signed(values: Values, bits: int, signed: bool) -> Values:
    """Values of a codestream of `bits` bits, with the sign that the DICOM header states for them.

    Encoders write two's complement into streams that are declared unsigned, and the reverse.
    """
    if (values.dtype.kind == "i") == signed:
        return values
    return significant(values.view(f"u{values.dtype.itemsize}"), bits, bits - 1, signed)

"""The one place where a decoder's exception becomes a reason: our own code raises Refused or has a bug."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np

from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused

DECODER_ERRORS: Final = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What decoders raise for damaged input; SyntaxError is Pillow's word for a broken PNG."""


@contextmanager
def reading(size: int) -> Iterator[None]:
    """Around the reading of one whole file of `size` bytes.

    Raises:
        Refused: DECLARED_SIZE_TOO_LARGE where memory ran out within the limits, on a small machine.
    """
    try:
        with np.errstate(all="ignore"):  # overflow shows as a value that is not finite
            yield
    except MemoryError as error:
        raise Refused(Reason.DECLARED_SIZE_TOO_LARGE, {"actual_bytes": size}) from error


@contextmanager
def decoding(reason: Reason, facts: Facts) -> Iterator[None]:
    """Around a call into Pillow, and nothing else.

    Warnings are dropped because they quote the file, and file content must reach no log.

    Raises:
        Refused: `reason` with the facts and the kind of error, never its text; PIXEL_LIMIT where memory ran
            out.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except MemoryError as error:
        raise Refused(Reason.PIXEL_LIMIT, facts) from error
    except DECODER_ERRORS as error:
        raise Refused(reason, {**facts, "error": type(error).__name__}) from None

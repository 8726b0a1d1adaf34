"""The one place where a decoder's exception becomes a reason: our own code raises Refused or has a bug."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

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
"""What Pillow and pydicom raise for damaged input; SyntaxError is Pillow's word for a broken PNG."""


@contextmanager
def decoding(reason: Reason, facts: Facts) -> Iterator[None]:
    """Around a call into Pillow or pydicom, and nothing else.

    Warnings are dropped because both quote the file in them, and file content must reach no log.

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

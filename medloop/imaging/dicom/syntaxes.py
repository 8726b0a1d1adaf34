"""The transfer syntaxes of DICOM: how the data set is laid out and what its pixels are packed with."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from medloop.imaging.dicom.elements import Encoding
from medloop.rules.reasons import Reason, Refused


class Codec(StrEnum):
    NATIVE = "native"
    RLE = "rle"
    JPEG = "jpeg"
    JPEG2000 = "jpeg2000"
    NONE_HERE = "none"
    """A codec that no decoder of this installation reads."""


@dataclass(frozen=True)
class Syntax:
    uid: str
    name: str
    """Short and stable: it becomes a fact and a metric dimension."""
    codec: Codec
    encoding: Encoding = field(default=Encoding())
    deflated: bool = False


_STANDARD = "1.2.840.10008.1.2"

IMPLICIT_LITTLE: Final = Syntax(_STANDARD, "implicit_little", Codec.NATIVE, Encoding(implicit=True))
EXPLICIT_LITTLE: Final = Syntax(f"{_STANDARD}.1", "explicit_little", Codec.NATIVE)
EXPLICIT_BIG: Final = Syntax(f"{_STANDARD}.2", "explicit_big", Codec.NATIVE, Encoding(big=True))
JPEG_BASELINE: Final = Syntax(f"{_STANDARD}.4.50", "jpeg_baseline", Codec.JPEG)
JPEG_2000: Final = Syntax(f"{_STANDARD}.4.91", "jpeg_2000", Codec.JPEG2000)

_ALL: Final = (
    IMPLICIT_LITTLE,
    EXPLICIT_LITTLE,
    EXPLICIT_BIG,
    JPEG_BASELINE,
    JPEG_2000,
    Syntax(f"{_STANDARD}.1.99", "deflated", Codec.NATIVE, deflated=True),
    Syntax(f"{_STANDARD}.1.98", "encapsulated_uncompressed", Codec.NONE_HERE),
    Syntax(f"{_STANDARD}.5", "rle", Codec.RLE),
    Syntax(f"{_STANDARD}.4.51", "jpeg_extended", Codec.JPEG),
    Syntax(f"{_STANDARD}.4.57", "jpeg_lossless", Codec.NONE_HERE),
    Syntax(f"{_STANDARD}.4.70", "jpeg_lossless_sv1", Codec.NONE_HERE),
    Syntax(f"{_STANDARD}.4.80", "jpeg_ls_lossless", Codec.NONE_HERE),
    Syntax(f"{_STANDARD}.4.81", "jpeg_ls_near_lossless", Codec.NONE_HERE),
    Syntax(f"{_STANDARD}.4.90", "jpeg_2000_lossless", Codec.JPEG2000),
    Syntax(f"{_STANDARD}.4.201", "htj2k_lossless", Codec.NONE_HERE),
    Syntax(f"{_STANDARD}.4.202", "htj2k_lossless_rpcl", Codec.NONE_HERE),
    Syntax(f"{_STANDARD}.4.203", "htj2k", Codec.NONE_HERE),
)

BY_UID: Final = {syntax.uid: syntax for syntax in _ALL}


def of_codestream(encapsulated: bytes) -> Syntax:
    """The syntax of fragments whose file names none, by what the first of them starts with.

    Raises:
        Refused: UNDECODABLE where that is neither JPEG nor JPEG 2000.
    """
    beginning = encapsulated[:4096]
    if b"\xff\x4f\xff\x51" in beginning:
        return JPEG_2000
    if b"\xff\xd8\xff" in beginning:
        return JPEG_BASELINE
    raise Refused(Reason.UNDECODABLE, {"transfer_syntax": "missing"})

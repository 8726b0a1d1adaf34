"""The transfer syntaxes of DICOM (PS3.5 annex A): how a data set is laid out, how its pixels are packed."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from medloop.imaging.codestreams import jpeg, jpeg_2000
from medloop.imaging.dicom.elements import Encoding
from medloop.rules.reasons import Reason, Refused


class Codec(StrEnum):
    NATIVE = "native"
    RLE = "rle"
    DEFLATE = "deflate"
    """Each frame by itself; a deflated data set is another thing."""
    JPEG = "jpeg"
    """Any process of ISO 10918, and JPEG-LS: the stream itself says which."""
    JPEG_2000 = "jpeg2000"
    """High throughput (part 15) included."""
    NONE_HERE = "none"
    """Video, JPEG XL, pixels kept elsewhere: nothing in this installation reads it."""


@dataclass(frozen=True)
class Syntax:
    uid: str
    name: str
    """Short and stable: it becomes a fact and a metric dimension."""
    codec: Codec
    encoding: Encoding = field(default=Encoding())
    deflated: bool = False


_STANDARD: Final = "1.2.840.10008.1.2"

IMPLICIT_LITTLE: Final = Syntax(_STANDARD, "implicit_little", Codec.NATIVE, Encoding(implicit=True))
EXPLICIT_LITTLE: Final = Syntax(f"{_STANDARD}.1", "explicit_little", Codec.NATIVE)
EXPLICIT_BIG: Final = Syntax(f"{_STANDARD}.2", "explicit_big", Codec.NATIVE, Encoding(big=True))

_JPEG: Final = {
    50: "jpeg_baseline",
    51: "jpeg_extended",
    53: "jpeg_spectral",
    55: "jpeg_progressive",
    57: "jpeg_lossless",
    70: "jpeg_lossless_sv1",
    80: "jpeg_ls_lossless",
    81: "jpeg_ls_near_lossless",
}
_RETIRED_JPEG: Final = (52, 54, 56, 58, 59, 60, 61, 62, 63, 64, 65, 66)
_JPEG_2000: Final = {
    90: "jpeg_2000_lossless",
    91: "jpeg_2000",
    92: "jpeg_2000_multicomponent_lossless",
    93: "jpeg_2000_multicomponent",
    201: "htj2k_lossless",
    202: "htj2k_lossless_rpcl",
    203: "htj2k",
}
_NONE_HERE: Final = {
    94: "jpip",
    95: "jpip_deflated",
    100: "mpeg2_main",
    101: "mpeg2_high",
    102: "mpeg4_high_4.1",
    103: "mpeg4_bluray_4.1",
    104: "mpeg4_high_4.2_2d",
    105: "mpeg4_high_4.2_3d",
    106: "mpeg4_stereo_4.2",
    107: "hevc_main_5.1",
    108: "hevc_main10_5.1",
    110: "jpeg_xl_lossless",
    111: "jpeg_xl_recompression",
    112: "jpeg_xl",
    204: "jpip_htj2k",
    205: "jpip_htj2k_deflated",
}

_ALL: Final = (
    IMPLICIT_LITTLE,
    EXPLICIT_LITTLE,
    EXPLICIT_BIG,
    Syntax(f"{_STANDARD}.1.99", "deflated", Codec.NATIVE, deflated=True),
    Syntax(f"{_STANDARD}.1.98", "encapsulated_uncompressed", Codec.NATIVE),
    Syntax(f"{_STANDARD}.5", "rle", Codec.RLE),
    Syntax(f"{_STANDARD}.8.1", "deflated_frames", Codec.DEFLATE),
    *(Syntax(f"{_STANDARD}.4.{number}", name, Codec.JPEG) for number, name in _JPEG.items()),
    *(Syntax(f"{_STANDARD}.4.{number}", f"jpeg_retired_{number}", Codec.JPEG) for number in _RETIRED_JPEG),
    *(Syntax(f"{_STANDARD}.4.{number}", name, Codec.JPEG_2000) for number, name in _JPEG_2000.items()),
    *(Syntax(f"{_STANDARD}.4.{number}", name, Codec.NONE_HERE) for number, name in _NONE_HERE.items()),
)

BY_UID: Final = {syntax.uid: syntax for syntax in _ALL}

_GUESSED_FROM: Final = 4096
"""Bytes of encapsulated pixel data in which the first frame starts: the offset table lies before it."""


def of_codestream(encapsulated: bytes) -> Syntax:
    """The syntax of fragments whose file names none, by what the first of them starts with.

    Raises:
        Refused: UNDECODABLE where that is neither JPEG nor JPEG 2000.
    """
    beginning = encapsulated[:_GUESSED_FROM]
    if jpeg_2000.START in beginning:
        return BY_UID[f"{_STANDARD}.4.91"]
    if jpeg.START in beginning:
        return BY_UID[f"{_STANDARD}.4.50"]
    raise Refused(Reason.UNDECODABLE, {"transfer_syntax": "missing"})

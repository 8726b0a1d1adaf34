"""JPEG of more than 8 bits, lossless, or JPEG-LS: what DICOM's decoders read and Pillow does not."""

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.codestreams.jpeg import JpegHeader
from medloop.imaging.decoders.process import DECODER
from medloop.imaging.picture import Facts


def is_beyond_pillow(header: JpegHeader) -> bool:
    return header.components in (1, 3) and (header.is_ls or header.is_lossless or header.bits > 8)


def decode_beyond_pillow(data: bytes, header: JpegHeader, facts: Facts) -> tuple[NDArray[np.float32], Facts]:
    """Grey, or RGB; what kind of picture it is, as a fact.

    Raises:
        Refused: UNDECODABLE.
    """
    values = header.rows * header.columns * header.components
    if header.is_ls:
        stored, _ = DECODER.run("jpeg_ls", data, facts, values=values)
    else:
        stored, _ = DECODER.run("jpeg", data, facts, values=values, space=_space(header))
    mode = f"{'L' if header.components == 1 else 'RGB'};{header.bits}"
    return np.ascontiguousarray(stored, np.float32), {"mode": mode}


def _space(header: JpegHeader) -> str:
    """Lossless streams have no colour transform, others the usual one unless a marker says so."""
    if header.components == 1:
        return "GRAYSCALE"
    return "RGB" if header.is_lossless else header.colour or "YCBCR"

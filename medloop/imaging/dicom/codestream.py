"""JPEG and JPEG 2000 inside DICOM, decoded by pydicom on Pillow after their own size has been checked."""

import logging
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.boundary import decoding
from medloop.imaging.dicom.header import Header
from medloop.imaging.dicom.syntaxes import Syntax
from medloop.imaging.picture import Facts
from medloop.rules.reasons import Reason, Refused


def decode_codestream(frame: bytes, syntax: Syntax, header: Header) -> NDArray[Any]:
    """Stored values; colour already as RGB.

    Raises:
        Refused: EXPANSION_LIMIT where the stream is larger than the header says, BAD_HEADER where it is
            smaller, UNDECODABLE where no decoder reads it.
    """
    facts: Facts = {"transfer_syntax": syntax.name, "bits": header.bits_stored}
    _check_size(frame, header, facts)
    with decoding(Reason.UNDECODABLE, facts):
        # Loaded here because it takes a tenth of a second and uncompressed files do without it.
        from pydicom.encaps import encapsulate
        from pydicom.pixels.decoders.base import get_decoder
        from pydicom.uid import UID

        logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # its messages quote the file
        decoder = get_decoder(UID(syntax.uid))
        values, _ = decoder.as_array(encapsulate([frame], has_bot=False), **_options(header))
    shape = (header.rows, header.columns, 3)[: 3 if header.samples == 3 else 2]
    if values.shape != shape:
        raise Refused(Reason.UNDECODABLE, facts)
    return np.asarray(values)


def _options(header: Header) -> dict[str, Any]:
    return {
        "rows": header.rows,
        "columns": header.columns,
        "samples_per_pixel": header.samples,
        "photometric_interpretation": header.photometric,
        "planar_configuration": int(header.planar),
        "bits_allocated": header.bits_allocated,
        "bits_stored": header.bits_stored,
        "pixel_representation": int(header.signed),
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
    }


def _check_size(frame: bytes, header: Header, facts: Facts) -> None:
    """Pillow reads only the stream's header here, the same one that it will later decode by."""
    with decoding(Reason.UNDECODABLE, facts):
        from PIL import Image

        try:
            with Image.open(BytesIO(frame), formats=("JPEG", "JPEG2000")) as image:
                columns, rows = image.size
        except Image.DecompressionBombError:
            raise Refused(Reason.EXPANSION_LIMIT, facts) from None
    sizes: Facts = {"coded_rows": rows, "coded_columns": columns}
    if rows * columns > header.rows * header.columns:
        raise Refused(Reason.EXPANSION_LIMIT, {**facts, **sizes})
    if (rows, columns) != (header.rows, header.columns):
        raise Refused(Reason.BAD_HEADER, {**facts, **sizes})

"""Compressed transfer syntaxes, and codestreams that contradict their header."""

from collections.abc import Iterator

import numpy as np
from pydicom import uid

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.checks import deviations, values
from medloop.selftest.file import accepted, refused
from medloop.selftest.forge.codestreams import LOSSLESS, jpeg_2000, jpeg_extended
from medloop.selftest.forge.dicom import CT, SC, XA, colours, elements, encapsulated, ramp, run_length
from medloop.selftest.forge.raster import jpeg

GREY = ramp(48, 40, "u1", step=1) % 200
DEEP = ramp(48, 40, "u2", step=31)
TWELVE = DEEP % 4096
RGB = colours(48, 40)


@case(
    "E07",
    "RLE, JPEG, JPEG Lossless, JPEG-LS, JPEG 2000, HTJ2K, and what nobody decodes",
    "NotImplementedError in the night of the training: decoded when the file comes in, or refused by the "
    "name of its syntax.",
)
def compressed() -> Iterator[Sample]:
    yield accepted("rle.dcm", run_length(DEEP), values(DEEP), deviations(), transfer_syntax="rle")
    yield accepted("rle-colour.dcm", run_length(RGB, SC), values(RGB))
    for name, (syntax, encode) in LOSSLESS.items():
        packed = encapsulated(DEEP, [encode(DEEP)], syntax)
        yield accepted(f"{name}.dcm", packed, values(DEEP), deviations(), transfer_syntax=name)
    baseline = encapsulated(GREY, [jpeg(GREY)], uid.JPEGBaseline8Bit)
    yield accepted("jpeg.dcm", baseline, values(GREY, within=6), transfer_syntax="jpeg_baseline")
    smooth = ramp(48, 40, "u2", step=2)
    extended = encapsulated(smooth, [jpeg_extended(smooth)], uid.JPEGExtended12Bit, BitsStored=12, HighBit=11)
    yield accepted("jpeg-12-bit.dcm", extended, values(smooth, within=24), transfer_syntax="jpeg_extended")
    frames = np.stack([DEEP, DEEP[::-1], DEEP + 9])
    several = encapsulated(
        frames, [jpeg_2000(f) for f in frames], uid.JPEG2000Lossless, XA, NumberOfFrames="3"
    )
    yield accepted("frames.dcm", several, values(frames), frames=3)
    video = encapsulated(RGB, [b"\x00\x00\x01\xb3" + bytes(60)], uid.MPEG2MPML, SC)
    yield refused("video.dcm", video, Reason.UNDECODABLE)


@case(
    "E08",
    "JPEG 2000 of another precision or sign than the header",
    "Read as if both agreed the values are silently wrong: bits count as the codestream has them, their sign "
    "as the header states it, and the difference is noted.",
)
def other_precision() -> Iterator[Sample]:
    stream = jpeg_2000(TWELVE, bitspersample=12)
    wide = encapsulated(TWELVE, [stream], uid.JPEG2000Lossless)
    yield accepted("12-in-16.dcm", wide, values(TWELVE), deviations("codestream_precision"))
    signed = TWELVE.astype("i2") - 2048
    twelve = elements(RescaleSlope="1", RescaleIntercept="0", BitsStored=12, HighBit=11)
    streams = {
        "signed": jpeg_2000(signed, bitspersample=12),
        "unsigned": jpeg_2000((signed & 4095).astype("u2"), bitspersample=12),
    }
    for sign, stream in streams.items():
        for header, expected in ((1, signed), (0, signed & 4095)):
            file = encapsulated(
                TWELVE, [stream], uid.JPEG2000Lossless, CT, **twelve, PixelRepresentation=header
            )
            disagree = ["codestream_sign"] * ((sign == "signed") is not bool(header))
            yield accepted(f"{sign}-stream-{header}.dcm", file, values(expected), deviations(*disagree))

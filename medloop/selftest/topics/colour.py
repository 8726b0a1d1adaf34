"""Colour: palettes, luminance and chrominance, planes."""

from collections.abc import Iterator

import numpy as np
from pydicom import uid

from medloop.selftest.case import Sample, case
from medloop.selftest.checks import values
from medloop.selftest.file import accepted
from medloop.selftest.forge.dicom import SC, US, Pixels, colours, dicom, elements, encapsulated, ramp
from medloop.selftest.forge.raster import jpeg

RGB = colours()
_TO_YBR = np.array([[0.299, -0.168736, 0.5], [0.587, -0.331264, -0.418688], [0.114, 0.5, -0.081312]])


def ybr(rgb: Pixels) -> Pixels:
    """YBR_FULL (PS3.3 C.7.6.3.1.2)."""
    converted: Pixels = np.clip(np.rint(rgb @ _TO_YBR + [0, 128, 128]), 0, 255).astype("u1")
    return converted


def words(entries: Pixels) -> bytes:
    return entries.astype("<u2").tobytes()


@case(
    "E17",
    "Palette colour, plain and segmented",
    "Indices read as grey values are nonsense that looks like an image; they are looked up, to RGB.",
)
def palettes() -> Iterator[Sample]:
    indices = ramp(16, 16, "u1", step=1)
    tables = [np.arange(256) * 257, 65535 - np.arange(256) * 257, np.full(256, 1000)]
    palette = elements(PhotometricInterpretation="PALETTE COLOR")
    for name, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        palette[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        palette[f"{name}PaletteColorLookupTableData"] = words(table)
    looked_up = np.stack([table[indices] for table in tables], axis=-1)
    yield accepted("plain.dcm", dicom(indices, sop_class=US, **palette), values(looked_up))
    # One discrete entry, then a line to the last (PS3.3 C.7.9.2): 0 … 65535 in 256 steps.
    for name in ("Red", "Green", "Blue"):
        del palette[f"{name}PaletteColorLookupTableData"]
        segments = words(np.array([0, 1, 0, 1, 255, 65535]))
        palette[f"Segmented{name}PaletteColorLookupTableData"] = segments
    grey = np.stack([np.arange(256) * 257] * 3, axis=-1)[indices]
    yield accepted("segmented.dcm", dicom(indices, sop_class=US, **palette), values(grey, within=1))


@case(
    "E18",
    "YBR_FULL, YBR_FULL_422, and colour by plane",
    "Luminance taken for red gives pictures in false colours that train as well as any.",
)
def luminance() -> Iterator[Sample]:
    near = values(RGB, within=2)
    full = dicom(ybr(RGB), sop_class=US, PhotometricInterpretation="YBR_FULL")
    yield accepted("full.dcm", full, near)
    pairs = ybr(np.repeat(RGB[:, ::2], 2, axis=1))
    packed = np.stack([pairs[:, ::2, 0], pairs[:, 1::2, 0], pairs[:, ::2, 1], pairs[:, ::2, 2]], axis=-1)
    halved = dicom(pairs, sop_class=US, PhotometricInterpretation="YBR_FULL_422", PixelData=packed.tobytes())
    yield accepted("422.dcm", halved, values(np.repeat(RGB[:, ::2], 2, axis=1), within=2))
    planes = np.moveaxis(RGB, -1, 0).tobytes()
    yield accepted(
        "planes.dcm", dicom(RGB, sop_class=SC, PlanarConfiguration=1, PixelData=planes), values(RGB)
    )
    yield accepted("pixels.dcm", dicom(RGB, sop_class=SC), values(RGB))
    stream = encapsulated(
        RGB, [jpeg(RGB, quality=100)], uid.JPEGBaseline8Bit, SC, PhotometricInterpretation="YBR_FULL"
    )
    yield accepted("jpeg.dcm", stream, values(RGB, within=4))

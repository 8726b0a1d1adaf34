"""From stored bits to modality units: signs, odd depths, slopes, tables, MONOCHROME1."""

from collections.abc import Iterator

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.checks import deviations, values
from medloop.selftest.file import accepted, refused
from medloop.selftest.forge.dicom import CR, CT, DX, MG, NM, PT, dicom, elements, ramp
from medloop.selftest.policies import STRICT

PIXELS = ramp()


@case(
    "E12",
    "Signed pixels in fewer bits than allocated",
    "-1 in 12 of 16 bits reads as 4095, and -32768 overflows when rescaled in 16 bits.",
)
def odd_depths() -> Iterator[Sample]:
    signed = (ramp(16, 16, "i4", step=16) - 2048).astype("i2")
    packed = (signed & 0x0FFF).astype("u2")
    twelve = elements(BitsStored=12, HighBit=11, PixelRepresentation=1)
    yield accepted("12-of-16-signed.dcm", dicom(packed, **twelve), values(signed))
    # Old scanners kept overlays in the spare bits: they are no part of the value.
    overlaid = packed | 0xA000
    yield accepted("spare-bits-used.dcm", dicom(overlaid, **twelve), values(signed))
    high = elements(BitsStored=12, HighBit=15, PixelRepresentation=0)
    unsigned = ramp(16, 16, "u2", step=16)
    yield accepted("high-bit-15.dcm", dicom(unsigned << 4, **high), values(unsigned))
    lowest = np.array([[-32768, 32767], [0, -1]], dtype="i2")
    rescaled = dicom(lowest, RescaleSlope="2", RescaleIntercept="-1024")
    yield accepted("lowest.dcm", rescaled, values(lowest.astype("f4") * 2 - 1024))


@case(
    "E13",
    "No rescale slope and intercept",
    "A KeyError elsewhere. They are 1 and 0; a CT without them is noted, since its values are hardly "
    "Hounsfield units.",
)
def no_rescale() -> Iterator[Sample]:
    yield accepted("mr.dcm", dicom(PIXELS), values(PIXELS), deviations())
    yield accepted("ct.dcm", dicom(PIXELS, sop_class=CT), values(PIXELS), deviations("rescale_missing"))
    yield refused("ct-strict.dcm", dicom(PIXELS, sop_class=CT), Reason.NOT_STRICT, STRICT)
    yield refused("slope-zero.dcm", dicom(PIXELS, RescaleSlope="0", RescaleIntercept="0"), Reason.BAD_HEADER)


@case(
    "E14",
    "Another rescale slope in every slice",
    "PET and Philips MR: one slope for the whole series makes stripes. Each picture carries its own.",
)
def rescale_per_slice() -> Iterator[Sample]:
    for number, slope in enumerate((0.5, 1.25, 3.0), start=1):
        stored = (ramp(8, 8, "u2", step=100) / slope).astype("u2")
        slices = dicom(stored, sop_class=PT, number=number, RescaleSlope=str(slope), RescaleIntercept="0")
        yield accepted(f"slice-{number}.dcm", slices, values(stored.astype("f4") * np.float32(slope)))


@case(
    "E15",
    "Negative slope, and a table instead of a slope",
    "It looks inverted and is right: applied, never mended. A modality look-up table goes value by value.",
)
def negative_slope() -> Iterator[Sample]:
    turned = dicom(PIXELS, RescaleSlope="-1", RescaleIntercept="100")
    yield accepted("negative.dcm", turned, values(100 - PIXELS.astype("f4")))
    table = Dataset()
    table.LUTDescriptor, table.ModalityLUTType = [4, 10, 16], "US"
    table.LUTData = np.array([5, 50, 500, 5000], dtype="<u2").tobytes()
    # Stored values below the first entry take it, those above the last take that.
    stored = np.array([[9, 10], [12, 60]], dtype="u2")
    looked_up = dicom(stored, sop_class=CR, ModalityLUTSequence=Sequence([table]))
    yield accepted("table.dcm", looked_up, values([[5, 5], [500, 5000]]))


@case(
    "E16",
    "MONOCHROME1",
    "White is low: inverted once, after the modality's rescale, in the range of the stored bits and not of "
    "this one picture.",
)
def monochrome1() -> Iterator[Sample]:
    inverse = elements(PhotometricInterpretation="MONOCHROME1", BitsStored=14, HighBit=13)
    film = dicom(PIXELS, sop_class=CR, **inverse)
    yield accepted("film.dcm", film, values(16383 - PIXELS.astype("f4")), photometric="MONOCHROME1")
    rescaled = dicom(PIXELS, sop_class=CR, RescaleSlope="2", RescaleIntercept="10", **inverse)
    mirrored = (2 * 16383 + 10) + 10 - (2 * PIXELS.astype("f4") + 10)
    yield accepted("rescaled.dcm", rescaled, values(mirrored))


@case(
    "E09",
    "A picture of one value",
    "What a broken codec or a failed export leaves: black pictures that pass every other check.",
)
def constant() -> Iterator[Sample]:
    yield refused("black.dcm", dicom(np.zeros((16, 16), "u2")), Reason.CONSTANT_IMAGE, value=0.0)
    grey = np.full((16, 16), 1000, "u2")
    yield refused("grey.dcm", dicom(grey, sop_class=DX), Reason.CONSTANT_IMAGE, value=1000.0)
    frames = np.zeros((4, 8, 8), "u2")
    yield refused("frames.dcm", dicom(frames, sop_class=NM, NumberOfFrames="4"), Reason.CONSTANT_IMAGE)


@case(
    "E19",
    "PixelSpacing missing, ImagerPixelSpacing alone",
    "A KeyError, or an invented 1.0 mm, or millimetres on the detector taken for the patient's: "
    "the size is marked as uncalibrated, and where there is none, none is stated.",
)
def spacing() -> Iterator[Sample]:
    detector = dicom(PIXELS, sop_class=DX, ImagerPixelSpacing=["0.15", "0.2"])
    yield accepted("detector.dcm", detector, deviations(), spacing="uncalibrated", row_mm=0.15, column_mm=0.2)
    patient = dicom(PIXELS, PixelSpacing=["0.5", "0.25"], ImagerPixelSpacing=["0.15", "0.2"])
    yield accepted("patient.dcm", patient, spacing="calibrated", row_mm=0.5, column_mm=0.25)
    yield accepted("none.dcm", dicom(PIXELS, sop_class=DX), spacing="unknown")
    zero = dicom(PIXELS, PixelSpacing=["0", "0"])
    yield accepted("zero.dcm", zero, spacing="unknown")


@case(
    "E20",
    "A single picture where volumes are expected",
    "No depth, so no affine is made up: it stays a picture of two axes.",
)
def single_picture() -> Iterator[Sample]:
    yield accepted("x-ray.dcm", dicom(PIXELS, sop_class=DX), values(PIXELS), rows=16, columns=12)
    slice_ = dicom(PIXELS, PixelSpacing=["1", "1"], ImagePositionPatient=["0", "0", "0"])
    yield accepted("one-slice.dcm", slice_, values(PIXELS))


@case(
    "E40",
    "Mammogram without a frame of reference",
    "Projection images need none; whoever asks for it refuses every X-ray.",
)
def no_frame_of_reference() -> Iterator[Sample]:
    for name, sop_class in (("mg", MG), ("dx", DX), ("cr", CR)):
        picture = dicom(PIXELS, sop_class=sop_class, ImagerPixelSpacing=["0.1", "0.1"])
        yield accepted(f"{name}.dcm", picture, values(PIXELS), modality=name.upper())

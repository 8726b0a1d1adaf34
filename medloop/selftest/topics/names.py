"""File names that lie about the content."""

from collections.abc import Iterator

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.checks import values
from medloop.selftest.file import accepted, refused
from medloop.selftest.forge.dicom import dicom, ramp
from medloop.selftest.forge.raster import jpeg, png
from medloop.selftest.policies import policy

PIXELS = ramp()
GREY = ramp(16, 16, "u1", step=1)
EXACT = policy("exact", intake={"misnamed": "refuse"})


@case(
    "B36",
    "A PNG that is called .dcm",
    "Judged by content; a project that sets `misnamed: refuse` holds it instead.",
)
def png_called_dicom() -> Iterator[Sample]:
    yield accepted("photo.dcm", png(GREY), values(GREY), format="png")
    yield refused("photo.dcm", png(GREY), Reason.TYPE_MISMATCH, EXACT)


@case(
    "B37",
    "DICOM that is called .png",
    "The other way round, the same.",
)
def dicom_called_png() -> Iterator[Sample]:
    yield accepted("scan.png", dicom(PIXELS), values(PIXELS), format="dicom")
    yield refused("scan.png", dicom(PIXELS), Reason.TYPE_MISMATCH, EXACT)


@case(
    "B38",
    "Double extensions",
    "`scan.dcm.jpg`, `scan.jpg.exe`: the last one is compared, and none decides.",
)
def double_extension() -> Iterator[Sample]:
    yield accepted("scan.jpg.dcm", dicom(PIXELS), values(PIXELS), project=EXACT)
    yield accepted("scan.dcm.jpeg", jpeg(GREY, quality=100), values(GREY, within=3), project=EXACT)
    yield refused("scan.dcm.jpg", dicom(PIXELS), Reason.TYPE_MISMATCH, EXACT)
    yield accepted("scan.png.exe", png(GREY), values(GREY))

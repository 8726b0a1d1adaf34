"""PNG, JPEG and TIFF, and what only says so."""

from collections.abc import Iterator

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.file import refused
from medloop.selftest.forge.dicom import ramp
from medloop.selftest.forge.raster import jpeg, png, tiff

PIXELS = ramp(64, 64)
GREY = ramp(64, 64, "u1", step=1)


@case("B26", "PNG, JPEG and TIFF cut short", "Some readers fill the rest with grey.")
def cut() -> Iterator[Sample]:
    for name, whole in (("cut.png", png(PIXELS)), ("cut.jpg", jpeg(GREY)), ("cut.tif", tiff(PIXELS))):
        short = whole[: len(whole) // 2]
        yield refused(name, short, Reason.TRUNCATED, actual_bytes=len(short))


@case("B27", "HTML and SVG called .png", "A log-in page saved by a script; a drawing that may carry one.")
def markup() -> Iterator[Sample]:
    page = b"<!DOCTYPE html><html><body>Please log in</body></html>"
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    yield refused("page.png", page, Reason.NOT_AN_IMAGE, format="text")
    yield refused("drawing.png", drawing, Reason.NOT_AN_IMAGE, format="text")

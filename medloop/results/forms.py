"""Every form that a prediction's result can have; one that cannot be written takes no other with it."""

import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from PIL import Image
from pydicom.dataset import Dataset

from medloop.results.capture import capture
from medloop.results.overlay import overlay
from medloop.results.report import report
from medloop.results.segmentation import NoPlaces, segmentation
from medloop.results.subject import Subject

Kind = Literal["overlay", "dicom-seg", "dicom-sr", "dicom-sc"]

DICOM: Final = "application/dicom"


@dataclass(frozen=True)
class Form:
    kind: Kind
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Missing:
    """A form that there is not, and why; no text of a header."""

    kind: Kind
    why: str


def forms(subject: Subject) -> list[Form | Missing]:
    """An overlay always; DICOM objects where the image was DICOM."""
    with warnings.catch_warnings():
        # highdicom finds that pseudonyms are unlikely names of persons, and so they are.
        warnings.simplefilter("ignore")
        return list(_forms(subject))


def _forms(subject: Subject) -> Iterator[Form | Missing]:
    picture = overlay(subject)
    yield Form("overlay", "overlay.png", "image/png", _png(picture))
    if not subject.sources:
        return
    if any("StudyInstanceUID" not in source.header for source in subject.sources):
        yield Missing("dicom-sr", "the source files name no study to which an object could belong")
        return
    segments: list[Dataset] = []
    if subject.found:
        yield _written("dicom-seg", "segmentation.dcm", lambda: segmentation(subject), segments)
    yield _written("dicom-sr", "report.dcm", lambda: report(subject, segments[0] if segments else None))
    yield _written("dicom-sc", "capture.dcm", lambda: capture(subject, picture))


def _written(
    kind: Kind, name: str, make: Callable[[], Dataset], keep: list[Dataset] | None = None
) -> Form | Missing:
    try:
        made = make()
        content = _file(made)
    except NoPlaces as reason:
        return Missing(kind, str(reason))
    except Exception as fault:  # what scanners write surprises libraries
        return Missing(kind, f"not written ({type(fault).__name__})")
    if keep is not None:
        keep.append(made)
    return Form(kind, name, DICOM, content)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _file(made: Dataset) -> bytes:
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()

"""DICOM Segmentation: the structures on the very frames that the image was made of (PS3.3 A.51)."""

from collections.abc import Sequence
from typing import Final

import highdicom
import numpy as np
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentDescription
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medloop.results import codes
from medloop.results.planes import Plane, labels_at, planes_of
from medloop.results.settling import settle
from medloop.results.subject import MAKER, Source, Subject

SERIES: Final = 8001
"""Series numbers of results begin here, beyond what scanners count to."""


class NoPlaces(Exception):
    """The sources do not say where in the patient they lie; the text says what is missing."""


def segmentation(subject: Subject) -> Dataset:
    """
    Raises:
        NoPlaces: a DICOM Segmentation needs a frame of reference; pictures like radiographs have none.
    """
    assert subject.labels is not None
    images, stack = _volume(subject) if subject.affine is not None else _picture(subject)
    made = Segmentation(
        source_images=images,
        pixel_array=stack,
        segmentation_type="BINARY",
        segment_descriptions=descriptions(subject),
        series_instance_uid=subject.uid("segmentation series"),
        series_number=SERIES,
        sop_instance_uid=subject.uid("segmentation"),
        instance_number=1,
        manufacturer=MAKER,
        manufacturer_model_name=subject.answer.project,
        software_versions=f"version {subject.answer.model_version}",
        device_serial_number=str(subject.answer.model_version),
        content_label="SEGMENTATION",
    )
    return settle(made, subject)


def _volume(subject: Subject) -> tuple[list[Dataset], NDArray[np.uint8]]:
    """The sources that show a slice, and the labels of their frames."""
    assert subject.labels is not None and subject.affine is not None
    planes = planes_of(subject.sources, subject.affine, subject.labels.shape[2], subject.facts)
    if not planes:
        raise NoPlaces("the source files do not say where their slices lie")
    if len({plane.source for plane in planes}) == 1 and len(subject.sources[planes[0].source].frames) > 1:
        return _one_file(subject, planes)
    if any(len(subject.sources[plane.source].frames) > 1 for plane in planes):
        raise NoPlaces("the slices lie in several files of several frames each")
    images = [subject.sources[plane.source] for plane in planes]
    _check_reference(images)
    stack = [labels_at(subject.labels, subject.affine, one.frames[0]) for one in images]
    return [one.header for one in images], np.stack(stack)


def _one_file(subject: Subject, planes: Sequence[Plane]) -> tuple[list[Dataset], NDArray[np.uint8]]:
    """An enhanced object: all its frames in their order, those of no slice empty."""
    assert subject.labels is not None and subject.affine is not None
    source = subject.sources[planes[0].source]
    _check_reference([source])
    first = source.frames[0]
    stack = np.zeros((len(source.frames), first.rows, first.columns), np.uint8)
    for plane in planes:
        stack[plane.frame] = labels_at(subject.labels, subject.affine, source.frames[plane.frame])
    return [source.header], stack


def _picture(subject: Subject) -> tuple[list[Dataset], NDArray[np.uint8]]:
    assert subject.labels is not None
    (source,) = subject.sources[:1] or (None,)
    if source is None or len(source.frames) != 1 or source.frames[0].position is None:
        raise NoPlaces("the picture has no frame of reference")
    _check_reference([source])
    return [source.header], subject.labels[None]


def _check_reference(sources: Sequence[Source]) -> None:
    if any("FrameOfReferenceUID" not in one.header for one in sources):
        raise NoPlaces("the source files have no frame of reference")


def descriptions(subject: Subject) -> list[SegmentDescription]:
    algorithm = highdicom.AlgorithmIdentificationSequence(
        name=f"{MAKER} {subject.answer.project}",
        family=codes.LEARNING,
        version=str(subject.answer.model_version),
    )
    return [
        SegmentDescription(
            segment_number=number,
            segment_label=codes.text(name),
            segmented_property_category=codes.ANATOMY,
            segmented_property_type=codes.of_class(name),
            algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm,
            tracking_uid=subject.uid(f"tracking {name}"),
            tracking_id=codes.text(name),
        )
        for number, name in enumerate(subject.structures, start=1)
    ]

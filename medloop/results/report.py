"""Structured report: what was found and how sure that is, as TID 1500 lays it out (PS3.16)."""

from collections.abc import Sequence
from typing import Any

from highdicom.sr import (
    AlgorithmIdentification,
    Comprehensive3DSR,
    DeviceObserverIdentifyingAttributes,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    ReferencedSegment,
    SourceImageForMeasurementGroup,
    SourceSeriesForSegmentation,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes as public

from medloop.results import codes
from medloop.results.segmentation import SERIES
from medloop.results.settling import settle
from medloop.results.subject import MAKER, Subject

Group = Any
"""One of highdicom's measurement groups, which say nothing of their types."""


def report(subject: Subject, segments: Dataset | None) -> Dataset:
    """`segments`: the DICOM Segmentation of the same prediction, where there is one."""
    headers = [source.header for source in subject.sources]
    content = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=_observer(subject)),
        procedure_reported=codes.PROCEDURE,
        imaging_measurements=_groups(subject, segments),
    )
    made = Comprehensive3DSR(
        evidence=[*headers, *([] if segments is None else [segments])],
        content=content[0],
        series_instance_uid=subject.uid("report series"),
        series_number=SERIES + 1,
        sop_instance_uid=subject.uid("report"),
        instance_number=1,
        manufacturer=MAKER,
        is_complete=True,
        is_final=False,
        is_verified=False,
    )
    return settle(made, subject)


def _observer(subject: Subject) -> ObserverContext:
    answer = subject.answer
    device = DeviceObserverIdentifyingAttributes(
        uid=subject.uid("observer"),
        name=MAKER,
        manufacturer_name=MAKER,
        model_name=answer.project,
        serial_number=f"version {answer.model_version}",
    )
    return ObserverContext(observer_type=public.DCM.Device, observer_identifying_attributes=device)


def _groups(subject: Subject, segments: Dataset | None) -> Sequence[Group]:
    if subject.labels is None:
        return [_finding(subject)]
    if segments is None:
        return [_measured(subject, name) for name in subject.structures]
    return [_segment(subject, segments, number) for number, _ in enumerate(subject.structures, start=1)]


def _finding(subject: Subject) -> Group:
    """The class that was named, its confidence, and the probability of every class."""
    answer = subject.answer
    odds = [
        Measurement(name=codes.probability_of(name), value=value, unit=codes.RATIO)
        for name, value in answer.probabilities.items()
    ]
    sure = Measurement(name=codes.confidence(), value=answer.confidence, unit=codes.RATIO)
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(subject, "finding"),
        algorithm_id=_algorithm(subject),
        measurements=[sure, *odds],
        qualitative_evaluations=[
            QualitativeEvaluation(name=codes.FINDING, value=codes.of_class(name)) for name in subject.named
        ]
        or None,
        source_images=_images(subject),
    )


def _measured(subject: Subject, name: str) -> Group:
    """A structure without a DICOM Segmentation to point to."""
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(subject, name),
        finding_type=codes.of_class(name),
        algorithm_id=_algorithm(subject),
        measurements=[_size(subject, name)],
        source_images=_images(subject),
    )


def _segment(subject: Subject, segments: Dataset, number: int) -> Group:
    name = subject.structures[number - 1]
    if name not in subject.found:
        return _measured(subject, name)
    return VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(subject, name),
        referenced_segment=ReferencedSegment(
            sop_class_uid=segments.SOPClassUID,
            sop_instance_uid=segments.SOPInstanceUID,
            segment_number=number,
            source_series=SourceSeriesForSegmentation(subject.sources[0].header.SeriesInstanceUID),
        ),
        finding_type=codes.of_class(name),
        algorithm_id=_algorithm(subject),
        measurements=[_size(subject, name)],
    )


def _size(subject: Subject, name: str) -> Measurement:
    value = subject.answer.volumes.get(name, 0.0)
    if subject.affine is None:
        return Measurement(name=codes.AREA, value=value, unit=codes.PIXELS)
    return Measurement(name=codes.VOLUME, value=value, unit=codes.MILLILITRE)


def _tracking(subject: Subject, what: str) -> TrackingIdentifier:
    return TrackingIdentifier(uid=subject.uid(f"tracking {what}"), identifier=codes.text(what))


def _algorithm(subject: Subject) -> AlgorithmIdentification:
    return AlgorithmIdentification(
        name=f"{MAKER} {subject.answer.project}", version=str(subject.answer.model_version)
    )


def _images(subject: Subject) -> list[SourceImageForMeasurementGroup]:
    return [
        SourceImageForMeasurementGroup(
            referenced_sop_class_uid=source.header.SOPClassUID,
            referenced_sop_instance_uid=source.header.SOPInstanceUID,
        )
        for source in subject.sources
    ]

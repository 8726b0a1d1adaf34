"""Makes what a library wrote the same at every writing: no random names, no clock, one character set."""

from collections.abc import Iterator
from typing import Final

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from medloop.results.codes import UTF_8
from medloop.results.subject import Subject

_RANDOM: Final = "1.2.826.0.1.3680043.10.511.3."
"""highdicom's root, under which it makes names up."""

_MOMENTS: Final = frozenset(
    {
        "ContentDate",
        "ContentTime",
        "ContributionDateTime",
        "DateOfSecondaryCapture",
        "InstanceCreationDate",
        "InstanceCreationTime",
        "ObservationDateTime",
        "SeriesDate",
        "SeriesTime",
        "TimeOfSecondaryCapture",
    }
)
"""Of the result's own making."""

_FORMS: Final = {"DA": "%Y%m%d", "TM": "%H%M%S", "DT": "%Y%m%d%H%M%S"}


def settle(made: Dataset, subject: Subject) -> Dataset:
    """The object with names of the prediction's, and the time at which it was answered."""
    made.SpecificCharacterSet = UTF_8
    renamed: dict[str, str] = {}
    for element in _elements(made):
        value = element.value
        if element.VR == "UI" and isinstance(value, str) and value.startswith(_RANDOM):
            element.value = renamed.setdefault(value, subject.uid(f"{made.Modality} {len(renamed)}"))
        elif element.keyword in _MOMENTS:
            element.value = subject.answered_at.strftime(_FORMS[element.VR])
    return made


def _elements(dataset: Dataset) -> Iterator[DataElement]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from _elements(item)
        else:
            yield element

"""One result, given back to its patient."""

from typing import Any, Final

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from medloop.reidentify.originals import PATIENT, STUDY, Identity, Originals

_REMOVED: Final = ("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence")
"""No longer true of it."""


class Stranger(ValueError):
    """None of the originals is of the study that the result belongs to."""


def restore(result: Dataset, originals: Originals) -> Dataset:
    """The result with its patient's and study's attributes, and every UID of an original in its old form.

    The result is changed in place, at any depth.

    Raises:
        Stranger: its study is not among the originals'.
    """
    identity = originals.studies.get(str(result.get("StudyInstanceUID", "")))
    if identity is None:
        raise Stranger("none of the originals is of its study")
    rename(result, originals)
    _give(result, identity)
    return result


def _give(result: Dataset, identity: Identity) -> None:
    """Nothing pseudonymous stays: an attribute that the originals lack goes."""
    for name in (*PATIENT, *STUDY, *_REMOVED):
        if name in result:
            del result[name]
    for element in identity.attributes.values():
        result.add(element)
    # Required of every object, empty where nothing is known (PS3.3, type 2).
    for name in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", *STUDY[:3], "StudyID"):
        if name not in result:
            setattr(result, name, "")
    if "ReferringPhysicianName" not in result:
        result.ReferringPhysicianName = ""


def rename(dataset: Dataset, originals: Originals) -> None:
    """Every UID value that is a pseudonym of an original's. The result's own are none: they are new."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                rename(item, originals)
        elif element.VR == "UI":
            element.value = _renamed(element, originals)


def _renamed(element: DataElement, originals: Originals) -> Any:
    values = element.value
    if isinstance(values, str):
        return originals.uids.get(values, values)
    return [originals.uids.get(str(one), one) for one in values or []] or values

"""Which DICOM objects are images, and which of them usually carry text in their pixels."""

from functools import lru_cache
from typing import Final

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1"

DIRECTORY: Final = "1.2.840.10008.1.3.10"

_OTHERS: Final = "1.2.840.10008.5.1.4"

# Ends with a dot: every class below; the longest match counts. Whatever is not named here is judged by having
# pixels, so that a vendor's private image class is read like any other.
_KINDS: Final = {
    f"{_STORAGE}.4.2": "spectroscopy",
    f"{_STORAGE}.9.": "waveform",
    f"{_STORAGE}.11.": "presentation_state",
    f"{_STORAGE}.66": "raw_data",
    f"{_STORAGE}.66.": "registration",
    f"{_STORAGE}.66.4": "segmentation",
    f"{_STORAGE}.66.5": "segmentation",
    f"{_STORAGE}.66.6": "tractography",
    f"{_STORAGE}.66.7": "segmentation",
    f"{_STORAGE}.67": "value_mapping",
    f"{_STORAGE}.68.": "surface_scan",
    f"{_STORAGE}.77.1.5.3": "relationship",
    f"{_STORAGE}.78.": "measurement",
    f"{_STORAGE}.79.1": "measurement",
    f"{_STORAGE}.80.1": "measurement",
    f"{_STORAGE}.88.": "report",
    f"{_STORAGE}.88.59": "key_object",
    f"{_STORAGE}.90.1": "assessment",
    f"{_STORAGE}.91.1": "annotation",
    f"{_STORAGE}.104.": "document",
    f"{_STORAGE}.104.1": "pdf",
    f"{_STORAGE}.131": "display",
    f"{_STORAGE}.200.": "protocol",
    f"{_STORAGE}.481.2": "dose",
    f"{_STORAGE}.481.3": "structure_set",
    f"{_STORAGE}.481.4": "treatment_record",
    f"{_STORAGE}.481.5": "plan",
    f"{_STORAGE}.481.6": "treatment_record",
    f"{_STORAGE}.481.7": "treatment_record",
    f"{_STORAGE}.481.8": "plan",
    f"{_STORAGE}.481.9": "treatment_record",
    **{f"{_STORAGE}.481.{number}": "plan" for number in range(10, 23)},
    f"{_OTHERS}.34.": "procedure",
    f"{_OTHERS}.38.": "protocol",
    f"{_OTHERS}.39.": "palette",
    f"{_OTHERS}.43.": "implant",
    f"{_OTHERS}.44.": "implant",
    f"{_OTHERS}.45.": "implant",
    DIRECTORY: "directory",
}

_WITH_FRAMES: Final = (
    *(f"{_STORAGE}.{number}" for number in ("2.1", "2.2", "3", "3.1", "4.1", "4.3", "4.4", "5", "6.2")),
    *(f"{_STORAGE}.7.{number}" for number in (1, 2, 3, 4)),
    f"{_STORAGE}.12.",  # angiography, fluoroscopy
    f"{_STORAGE}.13.",  # three-dimensional X-ray, breast tomosynthesis
    f"{_STORAGE}.14.",  # intravascular optical coherence tomography
    f"{_STORAGE}.20",  # nuclear medicine
    f"{_STORAGE}.30",  # parametric maps
    f"{_STORAGE}.77.1.1.1",  # video of endoscopy, microscopy, photography
    f"{_STORAGE}.77.1.2.1",
    f"{_STORAGE}.77.1.4.1",
    f"{_STORAGE}.77.1.5.",  # ophthalmic
    f"{_STORAGE}.77.1.6",  # whole slides
    f"{_STORAGE}.128.1",
    f"{_STORAGE}.130",
    f"{_STORAGE}.481.1",
)
"""Classes whose objects may hold several frames."""

_WRITES_ON_PIXELS: Final = (f"{_STORAGE}.7", f"{_STORAGE}.7.", f"{_STORAGE}.6.1", f"{_STORAGE}.3.1")
"""Secondary capture (screenshots) and ultrasound."""

_WRITING_MODALITIES: Final = frozenset({"US", "IVUS", "OT", "SC", "XC", "ES", "DOC", "HC"})

_TERMS: Final = """
    AR ASMT AU BDUS BI BMD CF CP CR CT CTPROTOCOL DF DG DM DOC DS DX EC ECG EEG EMG EOG EPS ES FA FID FS GM
    HC HD IO IOL IVOCT IVUS KER KO LEN LP LS MA MG MR MS M3D NM OAM OCT OP OPM OPR OPT OPTBSV OPTENF OPV OSS
    OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT
    RWV SEG SM SMR SR SRF ST STAIN TEXTUREMAP TG US VA VF XA XAPROTOCOL XC"""
MODALITIES: Final = frozenset(_TERMS.split())
"""The defined terms of Modality (PS3.3 C.7.3.1.1.1): whatever else stands there is not repeated."""


@lru_cache(64)
def kind_of_non_image(sop_class: str) -> str:
    """What the object is instead: a word; "" for an image, or what may be one."""
    matching = [pattern for pattern in _KINDS if _matches(sop_class, (pattern,))]
    return _KINDS[max(matching, key=len)] if matching else ""


def may_have_frames(sop_class: str) -> bool:
    return _matches(sop_class, _WITH_FRAMES)


def usually_has_text(sop_class: str, modality: str) -> bool:
    return modality in _WRITING_MODALITIES or _matches(sop_class, _WRITES_ON_PIXELS)


def _matches(uid: str, patterns: tuple[str, ...]) -> bool:
    return any(uid.startswith(entry) if entry.endswith(".") else uid == entry for entry in patterns)

"""Which DICOM objects are images, and which of them usually carry text in their pixels."""

from typing import Final

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1"

DIRECTORY: Final = "1.2.840.10008.1.3.10"

# Ends with a dot: every class below. Everything not named here is judged by having pixels, so that a
# vendor's private image class is read like any other.
_NON_IMAGES: Final = (
    f"{_STORAGE}.9.",  # waveforms
    f"{_STORAGE}.11.",  # presentation states
    f"{_STORAGE}.4.2",  # spectroscopy
    f"{_STORAGE}.66",  # raw data, registration, segmentation, surfaces, tracts
    f"{_STORAGE}.66.",
    f"{_STORAGE}.67",  # real world value mapping
    f"{_STORAGE}.68.",  # surface scans
    f"{_STORAGE}.78.",  # ophthalmic measurements
    f"{_STORAGE}.79.1",
    f"{_STORAGE}.80.1",
    f"{_STORAGE}.88.",  # structured reports, key objects
    f"{_STORAGE}.90.1",
    f"{_STORAGE}.104.",  # encapsulated PDF, CDA, STL
    f"{_STORAGE}.200.",
    f"{_STORAGE}.481.2",  # radiotherapy: dose, structures, plans, records; .481.1 is an image
    f"{_STORAGE}.481.3",
    f"{_STORAGE}.481.4",
    f"{_STORAGE}.481.5",
    f"{_STORAGE}.481.6",
    f"{_STORAGE}.481.7",
    f"{_STORAGE}.481.8",
    f"{_STORAGE}.481.9",
    "1.2.840.10008.5.1.4.34.",  # procedure steps
    "1.2.840.10008.5.1.4.38.",  # hanging protocols
    "1.2.840.10008.5.1.4.39.",  # colour palettes
    "1.2.840.10008.5.1.4.43.",
    "1.2.840.10008.5.1.4.44.",
    "1.2.840.10008.5.1.4.45.",
    DIRECTORY,
)

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


def is_non_image(sop_class: str) -> bool:
    return _matches(sop_class, _NON_IMAGES)


def usually_has_text(sop_class: str, modality: str) -> bool:
    return modality in _WRITING_MODALITIES or _matches(sop_class, _WRITES_ON_PIXELS)


def _matches(uid: str, patterns: tuple[str, ...]) -> bool:
    return any(uid.startswith(entry) if entry.endswith(".") else uid == entry for entry in patterns)

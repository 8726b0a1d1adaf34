"""What the pixels of a frame are, as a word of medloop.rules.series.KINDS."""

from typing import Final

from medloop.imaging.dicom.binary import unsigned
from medloop.imaging.dicom.dataset import DataSet
from medloop.imaging.dicom.diffusion import is_trace
from medloop.imaging.dicom.private import private_tag

_IMAGE_TYPE, _COMPONENT = 0x00080008, 0x00089208

_WORDS: Final = {
    "LOCALIZER": "localizer",
    "SCOUT": "localizer",
    "P": "phase",
    "PHASE": "phase",
    "PHASE MAP": "phase",
    "VELOCITY MAP": "phase",
    "R": "real",
    "REAL": "real",
    "I": "imaginary",
    "IMAGINARY": "imaginary",
    "WATER": "water",
    "W": "water",
    "FAT": "fat",
    "F": "fat",
    "IN_PHASE": "in_phase",
    "IP": "in_phase",
    "OUT_PHASE": "opposed_phase",
    "OPP_PHASE": "opposed_phase",
    "OP": "opposed_phase",
    "ADC": "diffusion_coefficient",
    "ADC_UNSPECIFIED": "diffusion_coefficient",
    "FA": "anisotropy",
    "TRACEW": "trace",
    "ISOTROPIC": "trace",
    "B0 MAP": "field_map",
    "FIELD_MAP": "field_map",
    "PROJECTION IMAGE": "projection",
    "MIP": "projection",
    "MINIP": "projection",
}
"""Values three and following of Image Type (PS3.3 C.7.6.1.1.2, C.8.3.1.1.1) and vendors' own."""

_PARTS: Final = {"P": "phase", "R": "real", "I": "imaginary"}
"""Philips writes what was measured around it: M_FFE, P_SE, SW_P_FFE."""

_COMPLEX: Final = {"PHASE": "phase", "REAL": "real", "IMAGINARY": "imaginary"}
_GE: Final = {1: "phase", 2: "real", 3: "imaginary"}


def image_kind(dataset: DataSet) -> str:
    """Of an object with one frame."""
    words = image_type(dataset)
    told = kind_of(words, dataset.word(_COMPONENT)) or _of_ge(dataset)
    return told or ("trace" if is_trace(dataset) else _derived(words))


def frame_kind(group: DataSet, frame_type: int) -> str:
    """Of one frame of an enhanced object, by its Frame Type group (PS3.3 C.8.13.3.1.1)."""
    words = image_type(group, frame_type)
    return kind_of(words, group.word(_COMPONENT)) or _derived(words)


def image_type(dataset: DataSet, tag: int = _IMAGE_TYPE) -> tuple[str, ...]:
    return tuple(part.strip().upper() for part in dataset.word(tag).split("\\"))


def kind_of(words: tuple[str, ...], component: str) -> str:
    """By the first value that tells, else Complex Image Component: a field map is stored as REAL, too."""
    for word in words[2:]:
        kind = _WORDS.get(word) or next((_PARTS[part] for part in word.split("_") if part in _PARTS), "")
        if kind:
            return kind
    return _COMPLEX.get(component, "")


def _derived(words: tuple[str, ...]) -> str:
    """Where nothing else tells what was derived."""
    return "derived" if words[:1] == ("DERIVED",) else ""


def _of_ge(dataset: DataSet) -> str:
    number = unsigned(dataset, private_tag(dataset, 0x0043, b"GEMS_PARM_01", 0x2F))
    return _GE.get(number or 0, "")

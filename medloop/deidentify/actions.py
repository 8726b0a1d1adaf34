"""What is done to each attribute under a policy: Table E.1-1 with its options, resolved once per policy.

Compound codes leave the choice to what the object's type demands (X/D: remove unless Type 1 demands a value).
The demanding reading is taken everywhere: an empty or a dummy value is valid wherever the attribute may be
absent, and a missing one is not valid where it must be there. Absent attributes stay absent.
"""

from enum import Enum
from functools import cache
from typing import Final, NamedTuple

from medloop.deidentify.standard import Row, dictionary, profile
from medloop.rules.project import Deidentification


class Action(Enum):
    KEEP = "kept"
    """Sequences item by item; text only as ASCII; numbers only as numbers."""
    REMOVE = "removed"
    EMPTY = "emptied"
    DUMMY = "dummies"
    UID = "uids"
    DATE = "dates"
    """Moved, or kept where it is one."""
    CLEAN = "cleaned"
    """Words of the closed vocabulary."""
    TITLE = "titles"
    SUBJECT = "subjects"
    """The patient's pseudonym."""
    CHARSET = "charsets"
    CLASS_UID = "classes"
    """A UID that names a kind of thing."""


class Rule(NamedTuple):
    action: Action
    vr: bytes
    """As the standard has it."""
    otherwise: Action = Action.REMOVE
    """Where the action cannot be done: the value is no date, no word of it is harmless."""


_BASIC: Final = {
    "X": Action.REMOVE,
    "Z": Action.EMPTY,
    "D": Action.DUMMY,
    "U": Action.UID,
    "X/Z": Action.EMPTY,
    "X/D": Action.DUMMY,
    "X/Z/D": Action.DUMMY,
    "Z/D": Action.DUMMY,
    "X/Z/U*": Action.KEEP,  # a sequence of references: the UIDs inside it are replaced
}

_OPTIONS: Final = (
    "retain_uids",
    "retain_device_identity",
    "retain_institution_identity",
    "retain_patient_characteristics",
    "clean_descriptors",
)
"""Of the project's options, those that Table E.1-1 has under the same name."""

_FULL_DATES, _MOVED_DATES = "retain_longitudinal_full_dates", "retain_longitudinal_modified_dates"
_DATES: Final = frozenset({b"DA", b"DT", b"TM"})
_TEXT: Final = frozenset({b"LO", b"LT", b"SH", b"ST", b"UC", b"UT"})

_OURS: Final = dict.fromkeys((0x00120062, 0x00120063, 0x00120064, 0x00280303), Action.REMOVE)
"""What a de-identified object says of itself: written anew, at the top."""

_PARTICULAR: Final = {0x00080005: Action.CHARSET, 0x00100010: Action.SUBJECT, 0x00100020: Action.SUBJECT}

_BEYOND_THE_TABLE: Final = {
    0x00100033: Action.REMOVE,  # birth date in an alternative calendar
    0x00100034: Action.REMOVE,  # death date in an alternative calendar
    0x00102295: Action.REMOVE,  # breed registration number
    0x00181803: Action.REMOVE,  # address of the NTP server
    0x00401006: Action.REMOVE,  # placer and filler order numbers
    0x00401007: Action.REMOVE,
    0x00402006: Action.REMOVE,
    0x00402007: Action.REMOVE,
    0x00189080: Action.DUMMY,  # metabolite map description, Type 1 of one
    0x00400032: Action.DUMMY,  # universal entity ID, which its macro demands
    0x00540400: Action.REMOVE,  # image ID
    0x00700081: Action.EMPTY,  # content description
    0x0074100C: Action.REMOVE,  # contact's display name
    0x00880130: Action.REMOVE,  # storage media file-set ID
    0x04000500: Action.REMOVE,  # the original attributes, encrypted
    0x04000520: Action.REMOVE,
    0x04000120: Action.REMOVE,  # signature
    0x00080202: Action.REMOVE,  # bytes of which the standard does not say what they mean
    0x0008041B: Action.REMOVE,
    0x0008041C: Action.REMOVE,
    0x00189445: Action.REMOVE,
    0x00280020: Action.REMOVE,
    0x0040A074: Action.REMOVE,
    0x0040A089: Action.REMOVE,
    0x00686300: Action.REMOVE,
    0x300A0135: Action.REMOVE,
    0x54001010: Action.REMOVE,  # a waveform: voices, or a heart that is one person's
    0x21000010: Action.REMOVE,  # print job and its owner
    0x21000160: Action.REMOVE,
    0x21100030: Action.REMOVE,
}
"""Identifying, and not in Table E.1-1."""
_DEVICE_ID, _MACHINE_NAME = 0x00181003, 0x30020020
_REFERENCED_STUDY: Final = 0x00081110
"""Of images, a sequence that may be absent but not empty (PS3.3 C.7.2.1): the other reading of X/Z."""

_CLASSES: Final = frozenset(
    {
        0x00080016,  # SOP classes
        0x0008001A,
        0x0008001B,
        0x00080062,
        0x00081150,
        0x0008115A,
        0x30100052,
        0x30100053,
        0x0008010C,  # coding scheme, context, mapping resource
        0x00080117,
        0x00080118,
        0x0008040E,  # transfer syntaxes
        0x00083002,
        0x00340003,
        0x04000010,
    }
)
"""UIDs of kinds of things: standard or a manufacturer's, never of one patient."""

_RESOURCES: Final = frozenset({0x0008010E, 0x00080120})
"""Addresses that name a coding scheme or a concept; every other address leads to somebody's server."""

_CODE_SEQUENCES: Final = "Code Sequence"
"""Cleaning a coded diagnosis or reason has nothing to keep words of: the Basic Profile's action stands."""

PLAIN: Final = frozenset({b"AT", b"FD", b"FL", b"SL", b"SS", b"SV", b"UL", b"US", b"UV"})
"""Binary numbers: they can be kept without a look at them."""


@cache
def rules(policy: Deidentification) -> dict[int, Rule]:
    """What is done to every attribute that the standard knows; what it does not know is removed."""
    found = {tag: _unlisted(tag, vr, policy) for tag, vr in dictionary().items()}
    for row in profile():
        if row.tag.isalnum() and "x" not in row.tag and row.tag != "private" and row.tag >= "0008":
            tag = int(row.tag, 16)
            found[tag] = _listed(row, dictionary().get(tag, row.vr.encode()), policy)
    for tag, action in (_PARTICULAR | _BEYOND_THE_TABLE | _OURS).items():
        found[tag] = Rule(action, dictionary()[tag])
    if not policy.retain_device_identity:
        found[_DEVICE_ID] = Rule(Action.REMOVE, dictionary()[_DEVICE_ID])
        found[_MACHINE_NAME] = Rule(Action.EMPTY, dictionary()[_MACHINE_NAME])  # Type 2 of an RT image
    return found


def _listed(row: Row, vr: bytes, policy: Deidentification) -> Rule:
    basic = _BASIC[row.basic]
    if int(row.tag, 16) == _REFERENCED_STUDY:
        basic = Action.REMOVE
    if basic is Action.DUMMY and vr == b"UI":
        basic = Action.UID
    moved = policy.dates == "shift" and _MOVED_DATES in row.options
    codes = {code for name in _options(policy) if (code := row.options.get(name))}
    # Moved dates come first: a machine's calibration date could otherwise tell by how much.
    if moved or (codes and vr in _DATES):
        return Rule(Action.DATE if vr in _DATES or vr == b"SH" else basic, vr, basic)
    if "K" in codes:
        return Rule(Action.KEEP, vr, basic)
    if "C" in codes:
        return _cleaned(row, vr, basic)
    return Rule(basic, vr)


def _cleaned(row: Row, vr: bytes, basic: Action) -> Rule:
    if vr == b"AE":
        return Rule(Action.TITLE, vr)
    if vr == b"SQ" and not row.name.endswith(_CODE_SEQUENCES):
        return Rule(Action.KEEP, vr)
    return Rule(Action.CLEAN, vr, basic) if vr in _TEXT else Rule(basic, vr)


def _unlisted(tag: int, vr: bytes, policy: Deidentification) -> Rule:
    """By VR: whatever can hold free text or a date is treated as if the table had it (E.1.1 note 4)."""
    if vr in _DATES:
        return Rule(Action.EMPTY if policy.dates == "remove" else Action.DATE, vr, Action.EMPTY)
    if vr in {b"PN", b"ST", b"LT", b"UT"}:
        return Rule(Action.EMPTY, vr)
    if vr == b"UR" and tag not in _RESOURCES:
        return Rule(Action.REMOVE, vr)
    if vr == b"UI":
        return Rule(Action.CLASS_UID if tag in _CLASSES or policy.retain_uids else Action.UID, vr)
    return Rule(Action.KEEP, vr)


def _options(policy: Deidentification) -> tuple[str, ...]:
    chosen = tuple(name for name in _OPTIONS if getattr(policy, name))
    return (*chosen, _FULL_DATES) if policy.dates == "retain" else chosen

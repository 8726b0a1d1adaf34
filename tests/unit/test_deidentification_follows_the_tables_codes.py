"""Every attribute of Table E.1-1 comes out as its action code says: Basic Profile and each option.

The codes are read here from the table itself, by what PS3.15 Table E.1-1a says of them and by nothing of the
product's: D a dummy that the VR allows, Z nothing or such a dummy, X removed, K unchanged (sequences item by
item), C cleaned, U another UID, always the same. A compound code offers a choice by the type that the object
gives the attribute; its last letter is valid for every type, and is what is expected.
"""

import csv
import io
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from pydicom import DataElement, Dataset, config, dcmread, uid
from pydicom.datadict import dictionary_VR
from pydicom.sequence import Sequence as Items
from pydicom.valuerep import validate_value

import medloop.deidentify
from medloop.deidentify.file import deidentify
from medloop.rules.project import Deidentification
from tests.identified import NAMES, ROOT, innermost, nested
from tests.images import MR, dataset, ramp, written

pytestmark = pytest.mark.filterwarnings("ignore:VR lookup failed")  # pydicom knows an older dictionary

TABLE = Path(medloop.deidentify.__file__).parent / "tables" / "confidentiality.csv"

BASIC = "basic profile"
OPTIONS = {
    "retain_uids": "retain_uids",
    "retain_device_identity": "retain_device_identity",
    "retain_institution_identity": "retain_institution_identity",
    "retain_patient_characteristics": "retain_patient_characteristics",
    "clean_descriptors": "clean_descriptors",
    "retain_safe_private": "retain_safe_private",
    "dates=shift": "retain_longitudinal_modified_dates",
    "dates=retain": "retain_longitudinal_full_dates",
}
"""The table's column of each option that a project has. The Basic Profile alone is `dates: remove`."""

STRICTEST = {"X/Z": "Z", "X/D": "D", "Z/D": "D", "X/Z/D": "D", "X/Z/U*": "U*"}

NUMBERS = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "UV": 8, "SV": 8, "AT": 4, "OW": 2}

SAFE, UNSAFE = 0x00191023, 0x00291001
CREATORS = {0x00190010: "GEMS_ACQU_01", 0x00290010: "A VENDOR"}
REFERENCED_STUDY = 0x00081110
OF_A_DIRECTORY = 0x00041511
"""Referenced SOP Instance UID in File."""


class Attribute(NamedTuple):
    """One row of the table at one tag."""

    tag: int
    vr: str
    name: str
    codes: dict[str, str]
    """By column, `basic` among them."""

    def code(self, option: str) -> str:
        changed = self.codes.get(OPTIONS[option]) if option in OPTIONS else None
        return changed or STRICTEST.get(self.codes["basic"], self.codes["basic"])


# ── where the product does something else than the code says, on purpose ───────────────────────────────


class Deviation(NamedTuple):
    options: tuple[str, ...]
    code: str
    applies: Callable[[Attribute], bool]
    instead: str
    """Another code; `basic` for the one without the option."""
    because: str


DEVIATIONS = (
    Deviation(
        ("dates=shift",),
        "C",
        lambda attribute: attribute.vr in ("TM", "SH"),
        "K",
        "dates move by whole days, and those change neither the time of day nor the offset from UTC",
    ),
    Deviation(
        ("dates=shift",),
        "C",
        lambda attribute: attribute.vr == "OB",
        "basic",
        "a certified or packed time stamp cannot be moved without breaking it",
    ),
    Deviation(
        ("clean_descriptors",),
        "C",
        lambda attribute: attribute.vr in ("CS", "OB") or attribute.name.endswith("Code Sequence"),
        "basic",
        "a code or a maker's bytes are no sentence of which harmless words could be kept",
    ),
    Deviation(
        ("retain_safe_private",),
        "C",
        lambda attribute: attribute.tag == SAFE,
        "K",
        "Table E.3.10-1 says that the whole value is safe",
    ),
    Deviation(
        ("retain_safe_private",),
        "C",
        lambda attribute: attribute.tag == UNSAFE,
        "X",
        "of a private attribute that Table E.3.10-1 does not name nobody knows what would clean it",
    ),
    Deviation(
        tuple(option for option in (BASIC, *OPTIONS) if option != "retain_uids"),
        "U",
        lambda attribute: attribute.tag == OF_A_DIRECTORY,
        "X",
        "a DICOMDIR is refused, and in an image its attributes are out of place",
    ),
    Deviation(
        tuple(option for option in (BASIC, *OPTIONS) if option != "retain_uids"),
        "Z",
        lambda attribute: attribute.tag == REFERENCED_STUDY,
        "X",
        "in an image it is Type 3 with one item or more: absent is valid, empty is not; X/Z allows both",
    ),
    Deviation(
        ("retain_uids",),
        "K",
        lambda attribute: attribute.tag == OF_A_DIRECTORY,
        "X",
        "a DICOMDIR is refused, and in an image its attributes are out of place, also where UIDs are kept",
    ),
)
"""All there are, but for single values that are more than K may keep: see the tests at the end."""


def expected(attribute: Attribute, option: str) -> str:
    code = attribute.code(option)
    for deviation in DEVIATIONS:
        if option in deviation.options and code == deviation.code and deviation.applies(attribute):
            return attribute.code(BASIC) if deviation.instead == "basic" else deviation.instead
    return code


# ── what is planted ────────────────────────────────────────────────────────────────────────────────────


@cache
def table() -> tuple[Attribute, ...]:
    """Every row at a tag where a data set can hold it; rows of repeating groups at their first and last."""
    with TABLE.open(encoding="ascii", newline="") as file:
        lines = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return tuple(
        Attribute(tag, vr or line["vr"], line["name"], {column: line[column] for column in line})
        for line in lines
        for tag, vr in places(line["tag"])
    )


def places(tag: str) -> list[tuple[int, str]]:
    if tag == "private":
        return [(SAFE, "DS"), (UNSAFE, "LO")]
    if tag == "50xxxxxx":
        return [(0x50000040, "LO"), (0x50003000, "OW"), (0x501E3000, "OW")]
    if tag.startswith("60xx"):
        return [(int(tag.replace("xx", digits), 16), "") for digits in ("00", "1e")]
    # Of commands and of the file meta group, which are no part of a data set: see the tests below.
    return [] if tag < "0004" else [(int(tag, 16), "")]


def word(tag: int) -> str:
    """A name that is this attribute's alone, so that none is mistaken for another's."""
    return f"Z{tag:08X}"


def planted(attribute: Attribute) -> Any:
    tag, vr = attribute.tag, attribute.vr
    if vr == "SQ":
        item = Dataset()
        item.OperatorsName, item.CodeMeaning = word(tag), "Brain"
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = MR, uid_of(tag)
        return Items([item])
    values = {
        "AS": "047Y",
        "CS": word(tag),
        "AE": word(tag),
        "PN": f"{word(tag)}^Nora",
        "DA": "20190213",
        "DT": "20190213134759.25",
        "TM": "134759.25",
        "DS": "47.5",
        "IS": "4711",
        "US": 4711,
        "UI": uid_of(tag),
        "UR": f"https://{word(tag)}.example/sex",
    }
    if attribute.name == "Timezone Offset From UTC":
        return "+0130"
    return values.get(vr, word(tag).encode() + b"!" if vr in ("OB", "OW", "UN") else f"AXIAL {word(tag)}")


def uid_of(tag: int) -> str:
    return f"{ROOT}.1{tag:010}"


def every_attribute() -> Dataset:
    made = Dataset()
    for tag, creator in CREATORS.items():
        made.add_new(tag, "LO", creator)
    for attribute in table():
        made.add_new(attribute.tag, attribute.vr, planted(attribute))
    return made


def policy(option: str) -> Deidentification:
    name, _, value = option.partition("=")
    chosen: dict[str, Any] = (
        {"dates": "remove"} if option == BASIC else {"dates": "remove", name: value or True}
    )
    return Deidentification(**chosen)


def cleaned(made: Dataset, option: str) -> Dataset:
    return dcmread(io.BytesIO(deidentify(written(made), policy(option), NAMES).content))


# ── what a code means ──────────────────────────────────────────────────────────────────────────────────


def is_removed(attribute: Attribute, found: DataElement | None, option: str) -> bool:
    return found is None


def is_dummy(attribute: Attribute, found: DataElement | None, option: str) -> bool:
    return found is not None and not is_empty(found) and is_valid(found) and tells_nothing(attribute, found)


def is_emptied(attribute: Attribute, found: DataElement | None, option: str) -> bool:
    return found is not None and (is_empty(found) or is_dummy(attribute, found, option))


def is_kept(attribute: Attribute, found: DataElement | None, option: str) -> bool:
    if found is None or attribute.vr != "SQ":
        return found is not None and found.value == value_of(attribute)
    return is_gone_through(found, option)


def is_cleaned(attribute: Attribute, found: DataElement | None, option: str) -> bool:
    """Without what names anybody, and with what does not: the word AXIAL, the code for the brain, a date."""
    if found is None:
        return False
    if attribute.vr == "SQ":
        return is_gone_through(found, option)
    if attribute.vr in ("DA", "DT"):
        return is_moved(attribute, str(found.value))
    if attribute.vr == "AE":
        return is_dummy(attribute, found, option)
    return found.value == "AXIAL"


def is_another_uid(attribute: Attribute, found: DataElement | None, option: str) -> bool:
    return found is not None and is_new_uid(found.value)


def refers_to_other_uids(attribute: Attribute, found: DataElement | None, option: str) -> bool:
    return found is not None and is_gone_through(found, option)


MEANINGS: dict[str, Callable[[Attribute, DataElement | None, str], bool]] = {
    "X": is_removed,
    "D": is_dummy,
    "Z": is_emptied,
    "K": is_kept,
    "C": is_cleaned,
    "U": is_another_uid,
    "U*": refers_to_other_uids,
}


def value_of(attribute: Attribute) -> Any:
    """What was planted, as pydicom reads it."""
    return DataElement(attribute.tag, attribute.vr, planted(attribute)).value


def is_empty(found: DataElement) -> bool:
    return found.value is None or len(str(found.value)) == 0 or (found.VR == "SQ" and not found.value)


def is_valid(found: DataElement) -> bool:
    if found.VR == "SQ":
        return all(is_valid(inner) or is_empty(inner) for item in found.value for inner in item)
    if isinstance(found.value, bytes):
        return len(found.value) % NUMBERS.get(found.VR, 2) == 0
    if found.VR not in NUMBERS:
        validate_value(found.VR, str(found.value), config.RAISE)
    return True


def tells_nothing(attribute: Attribute, found: DataElement) -> bool:
    text = str(found.value)  # of a sequence the items; the element itself would only tell how many
    told = [word(attribute.tag), uid_of(attribute.tag), "Brain", "AXIAL", "Nora"]
    return found.value != value_of(attribute) and not any(one in text for one in told)


def is_gone_through(found: DataElement, option: str) -> bool:
    """The item is there and was treated by its own rows: nobody's name, UIDs by the option."""
    (item,) = found.value
    reference = item.ReferencedSOPInstanceUID
    return (
        (reference == uid_of(int(found.tag)) if option == "retain_uids" else is_new_uid(reference))
        and word(int(found.tag)) not in str(item)
        and item.CodeMeaning == "Brain"
        and item.ReferencedSOPClassUID == MR
    )


def is_new_uid(value: uid.UID) -> bool:
    return value.is_valid and value.startswith("2.25.")


def is_moved(attribute: Attribute, value: str) -> bool:
    before = str(planted(attribute))
    return value[:8] < before[:8] and value[8:] == before[8:] and len(value) == len(before)


# ── the tests ──────────────────────────────────────────────────────────────────────────────────────────


def test_every_option_of_a_project_is_looked_at() -> None:
    fields = Deidentification.model_fields
    ways = {f"dates={way}" for way in get_args(fields["dates"].annotation)} - {"dates=remove"}
    assert set(OPTIONS) == ({*fields} - {"dates"}) | ways


def test_every_row_of_the_table_is_looked_at() -> None:
    with TABLE.open(encoding="ascii") as file:
        rows = sum(not line.startswith("#") for line in file) - 1
    assert (rows, len({attribute.name for attribute in table()})) == (657, 654)  # three of no data set


@pytest.mark.parametrize("depth", [0, 1])
@pytest.mark.parametrize("option", [BASIC, *OPTIONS])
def test_every_attribute_comes_out_as_its_code_says(option: str, depth: int) -> None:
    found = innermost(cleaned(nested(every_attribute(), depth), option), depth)
    wrong = {
        attribute.name: (attribute.vr, code, found.get(attribute.tag))
        for attribute in table()
        if not MEANINGS[code := expected(attribute, option)](attribute, found.get(attribute.tag), option)
    }
    assert wrong == {}


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda deviation: deviation.because)
def test_every_deviation_is_one(deviation: Deviation) -> None:
    """None is stated that no attribute needs."""
    assert any(
        deviation.applies(attribute) and attribute.code(option) == deviation.code
        for option in deviation.options
        for attribute in table()
    )


def test_every_uid_is_replaced_by_the_same_one_everywhere() -> None:
    """U asks for UIDs that agree within a set of objects."""
    made = Dataset()
    replaced = [a for a in table() if expected(a, BASIC) == "U"]
    for attribute in replaced:
        made.add_new(attribute.tag, "UI", f"{ROOT}.7")
    objects = [innermost(cleaned(nested(made, depth), BASIC), depth) for depth in (0, 1)]
    assert len(replaced) > 50
    assert len({found[attribute.tag].value for found in objects for attribute in replaced}) == 1


def test_every_date_moves_by_the_same_number_of_days() -> None:
    """C of the option for modified dates asks for intervals that survive."""
    found = cleaned(nested(every_attribute(), 0), "dates=shift")
    dated = [a for a in table() if a.vr in ("DA", "DT") and expected(a, "dates=shift") == "C"]
    assert len(dated) > 100
    assert len({str(found[attribute.tag].value)[:8] for attribute in dated}) == 1


def test_the_file_meta_groups_uid_is_that_of_the_object() -> None:
    """(0002,0003) has the code U, and K with `retain_uids`."""
    for option in (BASIC, "retain_uids"):
        found = cleaned(nested(Dataset(), 0), option)
        assert found.file_meta.MediaStorageSOPInstanceUID == found.SOPInstanceUID
        assert found.SOPInstanceUID.startswith(ROOT) == (option == "retain_uids")


@pytest.mark.parametrize("number", [0x1000, 0x1001])
def test_what_belongs_to_a_command_is_left_out(number: int) -> None:
    """(0000,1000) has the code X and (0000,1001) U: no file holds them, unless something went wrong."""
    data = written(dataset(ramp()))
    stray = struct.pack("<HH2sH", 0, number, b"UI", len(ROOT)) + ROOT.encode()
    place = data.index(b"\x08\x00\x16\x00UI")
    found = deidentify(data[:place] + stray + data[place:], policy(BASIC), NAMES).content
    assert ROOT.encode() not in found


@pytest.mark.parametrize(
    ("option", "keyword", "before", "after", "because"),
    [
        (
            "retain_patient_characteristics",
            "PatientAge",
            "097Y",
            "090Y",
            "ages above 89 identify (45 CFR 164.514)",
        ),
        (
            "retain_institution_identity",
            "InstitutionName",
            "Clínica",
            "Cl?nica",
            "what character sets do to bytes beyond ASCII could hide a name",
        ),
        (
            "retain_institution_identity",
            "InstitutionalDepartmentName",
            "Ward of Nobody",
            "ANON",
            "it holds the patient's name, and that has no option",
        ),
        ("dates=retain", "StudyDate", "NOBODY", "", "it is no date, and a name may stand in its place"),
    ],
)
def test_a_value_that_is_more_than_its_option_keeps_is_changed(
    option: str, keyword: str, before: str, after: str, because: str
) -> None:
    made = dataset(ramp(), PatientName="Nobody^Nora")
    made.add(DataElement(keyword, dictionary_VR(keyword), before, validation_mode=config.IGNORE))
    assert cleaned(made, option).get(keyword) == after, because


def test_an_rt_image_keeps_its_radiation_machine_name_empty() -> None:
    """Type 2 there (PS3.3 C.8.8.2): a missing one would make the object invalid."""
    assert cleaned(dataset(ramp(), RadiationMachineName="LINAC-7"), BASIC).RadiationMachineName == ""


def test_a_universal_entity_id_becomes_a_dummy() -> None:
    """Its macro demands a value (PS3.3 table 10-17)."""
    assert cleaned(dataset(ramp(), UniversalEntityID="1.2.3.4"), BASIC).UniversalEntityID == "ANON"


def test_a_metabolite_map_keeps_a_description() -> None:
    """Type 1 of its macro (PS3.3 C.8.13.5.10)."""
    found = cleaned(dataset(ramp(), MetaboliteMapDescription="WATER of Nora"), BASIC)
    assert found.MetaboliteMapDescription == "ANON"


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["DERIVED", "PRIMARY", "PERFUSION", "RCBF"], ["DERIVED", "PRIMARY", "PERFUSION", "RCBF"]),
        (["DERIVED", "PRIMARY", "PERFUSION", "STROKEMANN"], "ANON"),
    ],
)
def test_a_patient_called_like_a_kind_of_image_costs_no_image_type(words: list[str], left: object) -> None:
    made = dataset(ramp(), PatientName="Perfusion^Strokemann", ImageType=words)
    assert cleaned(made, BASIC).ImageType == left


def test_moved_dates_come_before_a_machines_own() -> None:
    """Two options meet: a calibration date that others know would tell by how much all dates were moved."""
    made = dataset(ramp(), DateOfLastCalibration="20190213")
    both = Deidentification(dates="shift", retain_device_identity=True)
    found = dcmread(io.BytesIO(deidentify(written(made), both, NAMES).content))
    assert found.DateOfLastCalibration < "20190213"

"""One patient has one name within a project, and it is nothing to anybody without the key."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from medloop.rules.pseudonyms import MAX_SHIFT_DAYS, Pseudonyms, WeakKey

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
NAMES = Pseudonyms(KEY, "knees")


def test_images_of_one_patient_share_a_name_whatever_the_study() -> None:
    assert NAMES.subject("P-007", "1.2.3") == NAMES.subject("P-007", "1.2.4") == NAMES.patient("P-007")


@pytest.mark.parametrize("variant", [" P-007", "P-007 ", "P-007\x00"])
def test_padding_is_not_part_of_an_identifier(variant: str) -> None:
    assert NAMES.patient(variant) == NAMES.patient("P-007")


@pytest.mark.parametrize("other", ["P-7", "p-007", "P-0070", "P 007"])
def test_other_identifiers_are_other_patients(other: str) -> None:
    assert NAMES.patient(other) != NAMES.patient("P-007")


def test_accents_may_be_typed_either_way() -> None:
    assert NAMES.patient("\u00e9") == NAMES.patient("e\u0301")


def test_projects_and_keys_cannot_be_joined() -> None:
    holders = (NAMES, Pseudonyms(KEY, "hips"), Pseudonyms(OTHER_KEY, "knees"))
    assert len({holder.patient("P-007") for holder in holders}) == 3
    assert len({holder.uid("1.2.3") for holder in holders}) == 3


@pytest.mark.parametrize("unknown", ["", "  ", "ANONYMOUS", "0000"])
def test_without_a_patient_images_of_a_study_share_a_name(unknown: str) -> None:
    assert NAMES.subject(unknown, "1.2.3") == NAMES.subject("", "1.2.3") != NAMES.subject("", "1.2.4")


def test_nobody_has_no_name() -> None:
    assert NAMES.subject("", "") == ""


def test_naming_twice_changes_nothing() -> None:
    for give, value in (
        (NAMES.patient, "P-007"),
        (NAMES.uid, "1.2.3"),
        (NAMES.title, "CT01"),
        (NAMES.file, "a"),
    ):
        assert give(give(value)) == give(value) != value


def test_a_uid_is_one_by_the_standard() -> None:
    for number in range(200):
        uid = NAMES.uid(f"1.2.3.{number}")
        assert uid.startswith("2.25.") and len(uid) <= 64 and int(uid[5:]) < 2**128


def test_dates_move_back_by_the_same_days_for_id_and_pseudonym() -> None:
    for number in range(200):
        days = NAMES.shift_days(f"P-{number}")
        assert -MAX_SHIFT_DAYS <= days <= -1
        assert days == NAMES.shift_days(NAMES.patient(f"P-{number}"))


def test_another_process_and_other_threads_give_the_same_names() -> None:
    code = (
        "from medloop.rules.pseudonyms import Pseudonyms as P; p = P(bytes(range(32)), 'knees');"
        "print(p.patient('P-007'), p.uid('1.2.3'), p.title('CT01'), p.shift_days('P-007'))"
    )
    told = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True).stdout

    def names(_: int) -> str:
        mine = Pseudonyms(KEY, "knees")
        return (
            f"{mine.patient('P-007')} {mine.uid('1.2.3')} {mine.title('CT01')} {mine.shift_days('P-007')}\n"
        )

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(names, range(64))) == {told}


def test_a_key_never_shows() -> None:
    assert KEY.hex() not in repr(NAMES) and repr(KEY) not in repr(NAMES)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(WeakKey):
        Pseudonyms(b"short", "knees")

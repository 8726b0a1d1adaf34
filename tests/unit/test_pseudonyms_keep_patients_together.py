"""One patient is one group within a project, and nothing to anybody without the key."""

import hmac

import pytest

from medloop.rules.pseudonyms import WeakKey, group, pseudonym

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
SHA = "ab" * 32


def test_images_of_one_patient_share_a_group() -> None:
    assert group(KEY, "knees", "P-007", SHA) == group(KEY, "knees", "P-007", "cd" * 32)


@pytest.mark.parametrize("variant", [" P-007", "P-007 ", "P-007\x00"])
def test_padding_is_not_part_of_an_identifier(variant: str) -> None:
    assert pseudonym(KEY, "knees", variant) == pseudonym(KEY, "knees", "P-007")


@pytest.mark.parametrize("other", ["P-7", "p-007", "P-0070", "P 007"])
def test_other_identifiers_are_other_patients(other: str) -> None:
    assert pseudonym(KEY, "knees", other) != pseudonym(KEY, "knees", "P-007")


def test_accents_may_be_typed_either_way() -> None:
    assert pseudonym(KEY, "knees", "\u00e9") == pseudonym(KEY, "knees", "e\u0301")


def test_projects_and_keys_cannot_be_joined() -> None:
    names = {
        pseudonym(KEY, "knees", "P-007"),
        pseudonym(KEY, "hips", "P-007"),
        pseudonym(OTHER_KEY, "knees", "P-007"),
    }
    assert len(names) == 3


@pytest.mark.parametrize("unknown", [None, "", "  "])
def test_without_a_patient_copies_of_a_picture_share_a_group(unknown: str | None) -> None:
    assert group(KEY, "knees", unknown, SHA) == "content-" + SHA[:32]


def test_a_pseudonym_is_the_keyed_hash_and_nothing_else() -> None:
    name = hmac.new(KEY, b'["knees", "P-007"]', "sha256").hexdigest()[:32]
    assert pseudonym(KEY, "knees", "P-007") == f"patient-{name}"


def test_a_short_key_is_refused() -> None:
    with pytest.raises(WeakKey):
        pseudonym(b"short", "knees", "P-007")

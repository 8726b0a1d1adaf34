"""A key is data from outside: it has a place in the layout, or the reason why not."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from medloop.rules.keys import Place, Purpose, parse_key, same_label
from medloop.rules.reasons import Reason, Refused

E_ACUTE = "\u00e9"


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("knees/project.yaml", Place("knees", Purpose.PROJECT)),
        ("knees/labelled/torn/a.png", Place("knees", Purpose.LABELLED, "torn")),
        ("knees/labelled/torn/2026/week 7/a", Place("knees", Purpose.LABELLED, "torn")),
        ("knees/labelled/not torn + 50 %/a.dcm", Place("knees", Purpose.LABELLED, "not torn + 50 %")),
        ("knees/labelled/..%2F../a.dcm", Place("knees", Purpose.LABELLED, "..%2F..")),
        ("knees/labelled/../../etc/passwd", Place("knees", Purpose.LABELLED, "..")),
        ("knees/images/a.tar.png", Place("knees", Purpose.IMAGES)),
        ("knees/images/../a\x00\n.png", Place("knees", Purpose.IMAGES)),
        ("knees/images//a.png", Place("knees", Purpose.IMAGES)),
        ("knees/predict/\U0001f9b4/\u819d.dcm", Place("knees", Purpose.PREDICT)),
        ("knees/predict/" + 1000 * "a", Place("knees", Purpose.PREDICT)),
        ("knees/predict/project.yaml", Place("knees", Purpose.PREDICT)),
        ("knees/labels/all.csv", Place("knees", Purpose.LABELS)),
        ("knees/labels/case01.nii.gz", Place("knees", Purpose.LABELS)),
        ("knees/all.zip", Place("knees", Purpose.ARCHIVE)),
        ("knees/labelled/torn/a.ZIP", Place("knees", Purpose.ARCHIVE)),
        ("knees/labelled/b.zip", Place("knees", Purpose.ARCHIVE)),
        ("knees/images/s1/manifest.json", Place("knees", Purpose.MANIFEST)),
        ("knees/predict/s1.manifest.json", Place("knees", Purpose.MANIFEST)),
        ("knees/images/my-manifest.json", Place("knees", Purpose.IMAGES)),
    ],
)
def test_keys_of_the_layout(key: str, place: Place) -> None:
    assert parse_key(key) == place


@pytest.mark.parametrize("key", ["knees/", "knees/labelled/", "knees/labelled/torn/", "knees/else/x/"])
def test_a_trailing_slash_is_a_folder_marker(key: str) -> None:
    assert parse_key(key) == Place("knees", Purpose.FOLDER)


@pytest.mark.parametrize("key", ["/", "Not A Project/", "../"])
def test_a_folder_marker_outside_any_project_names_none(key: str) -> None:
    assert parse_key(key) == Place("", Purpose.FOLDER)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_label_is_the_same_however_its_accents_were_typed(form: str) -> None:
    label = unicodedata.normalize(form, f"l{E_ACUTE}sion")
    assert parse_key(f"knees/labelled/{label}/a.png").label == f"l{E_ACUTE}sion"
    assert same_label(label, f"l{E_ACUTE}sion")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "a.png",
        "/images/a.png",
        "../images/a.png",
        "knees",
        "knees/a.png",
        "knees/images",
        "knees/project.yml",
        "knees/sub/project.yaml",
        "knees/Images/a.png",
        "knees/labelled/a.png",
        "knees/labelled//a.png",
        "knees/labelled/tab\there/a.png",
        "knees/labelled/" + 65 * "x" + "/a.png",
        "Knees/images/a.png",
        "knees\n/images/a.png",
        "-knees/images/a.png",
        33 * "k" + "/images/a.png",
        "knees\\images\\a.png",
    ],
)
def test_other_keys_are_misplaced(key: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_key(key)
    assert refusal.value.reason is Reason.MISPLACED


@pytest.mark.parametrize(
    ("key", "path"),
    [("knees/images/a/b.png", "a/b.png"), ("knees/labelled/torn/a", "torn/a"), ("knees/x.zip", "x.zip")],
)
def test_the_path_below_the_purpose_is_kept_but_not_printed(key: str, path: str) -> None:
    place = parse_key(key)
    assert place.path == path and path not in repr(place)


PARTS = (
    st.sampled_from(["knees", "labelled", "images", "predict", "labels", "project.yaml", "..", ""])
    | st.text()
)


@settings(max_examples=500, deadline=None, database=None)
@example("knees/labelled/\ud800/a.png")
@given(st.text() | st.lists(PARTS, max_size=6).map("/".join))
def test_any_text_has_a_place_or_a_reason(key: str) -> None:
    try:
        place = parse_key(key)
    except Refused as refusal:
        assert refusal.reason is Reason.MISPLACED
        assert set(refusal.facts.values()) <= {"project", "purpose", "class"}
    else:
        assert (place.label is not None) == (place.purpose is Purpose.LABELLED)

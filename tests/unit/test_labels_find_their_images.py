"""Labels and images meet by path, stem or name, in whatever order they came; the newest label counts."""

import random

import pytest

from medloop.rules.datasets import freeze
from medloop.rules.labels import geometry_text, mask_label
from medloop.rules.matching import Place, common_folder, fits, match, stem_of
from tests.candidates import AT, candidate, candidates, csv, image_of, project, upload_of, volume


def found(target: str, *paths: str) -> list[tuple[str, int, bool]]:
    """(path, level, whether ambiguous) of each image that this label fits."""
    places = [Place(path, "images", path) for path in paths]
    matches = match(places, csv("a", (target, "ring")))
    return sorted((image, m.level, m.ambiguous) for image, [m] in matches.classes.items())


@pytest.mark.parametrize(
    ("path", "stem"),
    [
        ("s1/case01.nii.gz", "s1/case01"),
        ("case01.NII.GZ", "case01"),
        ("a.b.dcm", "a.b"),
        ("1.2.840.113", "1.2.840.113"),
        (".png", ".png"),
        ("s.png/a", "s.png/a"),
    ],
)
def test_only_image_extensions_are_cut_off(path: str, stem: str) -> None:
    assert stem_of(path) == stem


@pytest.mark.parametrize(
    ("target", "level"),
    [
        ("s1/a.png", 0),
        ("images/s1/a.png", 0),
        ("s1/a", 1),
        ("s1/a.nii.gz", 1),
        ("a.png", 2),
        ("a", 3),
        ("a.dcm", 3),
        ("s1\\a.png", 0),
    ],
)
def test_a_file_may_be_named_in_full_or_in_short(target: str, level: int) -> None:
    assert found(target, "s1/a.png", "s1/b.png") == [("s1/a.png", level, False)]


def test_a_path_is_never_taken_for_another_folders() -> None:
    assert found("s2/a.png", "s1/a.png") == []


def test_a_name_that_two_folders_have_is_ambiguous() -> None:
    assert found("a.png", "s1/a.png", "s2/a.png") == [("s1/a.png", 2, True), ("s2/a.png", 2, True)]


def test_another_upload_of_the_same_path_is_meant_as_well() -> None:
    places = [Place("old", "images", "a.png"), Place("new", "images", "a.png")]
    matches = match(places, csv("a", ("a.png", "ring")))
    assert {image: m.ambiguous for image, [m] in matches.classes.items()} == {"old": False, "new": False}


def test_one_spelling_of_a_letter_finds_the_other() -> None:
    assert found("Mu\u0308ller.png", "M\u00fcller.png") == [("M\u00fcller.png", 0, False)]


def test_labels_without_an_image_wait_and_are_counted() -> None:
    labels = csv("a", ("100.png", "ring"), ("101.png", "ring"))
    one = candidate(100, purpose="images", label=None, source_path="100.png")
    two = candidate(101, purpose="images", label=None, source_path="101.png")
    early, late = (freeze(project(), [*candidates(100), *more], labels) for more in ([one], [one, two]))
    assert (early.unmatched_labels, len(early.samples)) == (1, 101)
    assert (late.unmatched_labels, len(late.samples)) == (0, 102)


def label_of(number: int, *tables: tuple[str, str, float]) -> str | None:
    """What image `number` is called after these tables (name, label, seconds after AT) came, in any order."""
    image = candidate(number, purpose="images", label=None, source_path="a.png")
    labels = [one for name, label, after in tables for one in csv(name, ("a.png", label), after=after)]
    random.Random(number).shuffle(labels)
    samples = freeze(project(), [*candidates(100), image], labels).samples
    return next((one.labels[0] for one in samples if one.image == image_of(number)), None)


@pytest.mark.parametrize("number", range(100, 106))
def test_of_several_labels_the_newest_counts_whichever_was_read_last(number: int) -> None:
    assert label_of(number, ("a", "ring", 0), ("b", "cross", 20), ("c", "ring", 10)) == "cross"


@pytest.mark.parametrize("after", [-60.0, 60.0])
def test_a_table_corrects_a_folder_whichever_came_first(after: float) -> None:
    image = candidate(0, source_path="ring/0.png")
    table = csv("a", ("labelled/ring/0.png", "cross"), after=after)
    [told] = [
        one
        for one in freeze(project(), [image, *candidates(100)[1:]], table).samples
        if one.image == image.id
    ]
    assert (told.labels, told.source, told.line) == (("cross",), upload_of("a"), 2)


def test_a_copy_in_another_folder_changes_the_label_when_it_is_newer() -> None:
    first = candidates(100)
    again = candidate(200, array_sha256=first[0].array_sha256, label="cross")
    frozen = freeze(project(), [*first, again])
    [told] = [one for one in frozen.samples if one.sha256 == again.array_sha256]
    assert (told.image, told.labels, told.source) == (first[0].id, ("cross",), again.id)


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        (("s1/ax/1.dcm", "s1/ax/2.dcm"), "s1/ax"),
        (("s1/a/1.dcm", "s1/ab/2.dcm"), "s1"),
        (("s1\\ax\\1.dcm", None), "s1/ax"),
        (("1.dcm", "s1/2.dcm"), None),
        ((), None),
    ],
)
def test_a_volume_is_called_by_the_folder_of_its_slices(
    paths: tuple[str | None, ...], folder: str | None
) -> None:
    assert common_folder(paths) == folder


def test_the_label_of_a_folder_is_that_of_its_volume() -> None:
    images = [volume(n) for n in range(100)]
    images.append(volume(100, purpose="images", label=None, source_path="s1/ax"))
    for target in ("s1/ax", "ax", "ax.nii.gz"):
        assert not freeze(project(spatial_dims=3), images, csv("a", (target, "ring"))).excluded


def test_a_label_that_fits_two_files_is_no_label() -> None:
    two = [
        candidate(100 + n, purpose="images", label=None, source_path=f"s{n}/a.png", fingerprint=None)
        for n in range(2)
    ]
    vague = csv("a", ("a.png", "ring"))
    assert freeze(project(), [*candidates(100), *two], vague).excluded == {"ambiguous_label": 2}
    exact = csv("b", ("s0/a.png", "ring"), ("s1/a.png", "cross"), after=1)
    assert not freeze(project(), [*candidates(100), *two], vague + exact).excluded


def test_a_class_that_the_project_dropped_is_left_out() -> None:
    images = [*candidates(100), candidate(100, label="star")]
    assert freeze(project(), images).excluded == {"unknown_class": 1}


AFFINE: list[list[float]] = [[1, 0, 0, -10], [0, 1, 0, -20], [0, 0, 3, 5.5], [0, 0, 0, 1]]


@pytest.mark.parametrize(
    ("shape", "shift", "reason"),
    [((4, 5, 6), 0.0, None), ((4, 5, 6), 0.0005, None), ((4, 5, 7), 0.0, "mask"), ((4, 5, 6), 0.01, "mask")],
)
def test_a_mask_belongs_to_the_image_of_its_stem_and_must_lie_where_it_lies(
    shape: tuple[int, ...], shift: float, reason: str | None
) -> None:
    affine = [[*row[:3], row[3] + shift] for row in AFFINE]
    array = ("images/demo/m.nii.gz", "b" * 64)
    written = (AT, "")
    images = [volume(n) for n in range(100)] + [volume(100, source_path="ring/case.dcm")]
    of_folder = "labelled/ring/case.nii.gz"
    geometry = geometry_text(shape, affine)
    mask = mask_label(of_folder, "demo", upload_of("m"), written, AT, array, geometry)
    frozen = freeze(project(spatial_dims=3), images, [mask])
    masks = [one.mask.sha256 for one in frozen.samples if one.mask is not None]
    assert (masks, frozen.excluded) == (([], {"mask_mismatch": 1}) if reason else (["b" * 64], {}))


def test_geometry_that_nobody_knows_fits_nothing() -> None:
    assert not fits(None, geometry_text((2, 3))) and not fits(geometry_text((2, 3)), None)
    assert fits(geometry_text((2, 3)), geometry_text((2, 3)))
    assert not fits(geometry_text((2, 3)), geometry_text((2, 3), AFFINE))

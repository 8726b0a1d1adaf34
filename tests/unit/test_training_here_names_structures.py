"""What the values in masks are called: by classes.txt, by a dataset.json of two kinds, or not at all."""

import json
from pathlib import Path

import pytest

from medloop.workbench.failures import Unusable
from medloop.workbench.structures import name_structures, written_names
from tests.homely import write


def dataset(folder: Path, labels: object) -> Path:
    write(folder / "dataset.json", json.dumps({"labels": labels}))
    return folder


def test_without_a_file_nothing_is_named(tmp_path: Path) -> None:
    assert written_names(tmp_path) is None
    assert name_structures({1, 2}, None).names == ("structure 1", "structure 2")


def test_a_line_names_a_value(tmp_path: Path) -> None:
    write(tmp_path / "classes.txt", "\ufeffliver\n\n tumour \r\n")
    assert written_names(tmp_path) == {1: "liver", 2: "tumour"}


@pytest.mark.parametrize(
    "labels",
    [
        {"background": 0, "liver": 1, "tumour": 2},
        {"0": "background", "1": "liver", "2": "tumour"},
        {"2": "tumour", "1": "liver", "0": "background"},
    ],
)
def test_datasets_name_them_either_way_round(tmp_path: Path, labels: object) -> None:
    assert written_names(dataset(tmp_path, labels)) == {1: "liver", 2: "tumour"}


def test_a_dataset_of_something_else_names_nothing(tmp_path: Path) -> None:
    assert written_names(dataset(tmp_path, None)) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{nope", "is no JSON object"),
        ("[1]", "is no JSON object"),
        ('{"labels": {"whole": [1, 2]}}', "several values"),
        ('{"labels": {"a": 1, "b": 300}}', "names the value 300"),
        ('{"labels": {"a": -1}}', "names the value -1"),
        ('{"labels": {"a/b": 1}}', "cannot be a class"),
    ],
)
def test_a_dataset_that_cannot_be_understood_is_refused(tmp_path: Path, content: str, said: str) -> None:
    write(tmp_path / "dataset.json", content)
    with pytest.raises(Unusable, match=said):
        written_names(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"liver\nliver\n", "a name twice"), (b"tum\xe9ur\n", "not UTF-8"), (b"a/b\n", "cannot be")],
)
def test_lines_that_cannot_be_names_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    write(tmp_path / "classes.txt", content)
    with pytest.raises(Unusable, match=said):
        written_names(tmp_path)


def test_values_in_order_stay() -> None:
    found = name_structures({2, 1}, {1: "liver", 2: "tumour"})
    assert (found.names, found.values) == (("liver", "tumour"), {})


def test_a_structure_that_no_mask_shows_keeps_its_place() -> None:
    found = name_structures({2}, {1: "liver", 2: "tumour"})
    assert (found.names, found.values) == (("liver", "tumour"), {})


def test_painted_values_are_taken_by_their_order() -> None:
    assert name_structures({255}, None).values == {255: 1}
    assert name_structures({255}, None).names == ("structure 1",)
    found = name_structures({85, 170}, {1: "liver", 2: "tumour"})
    assert (found.names, found.values) == (("liver", "tumour"), {85: 1, 170: 2})


def test_named_values_with_gaps_are_closed_up() -> None:
    found = name_structures({1, 4}, {1: "liver", 4: "tumour"})
    assert (found.names, found.values) == (("liver", "tumour"), {1: 1, 4: 2})


@pytest.mark.parametrize(
    ("present", "names", "said"),
    [
        (set(), None, "every mask is empty"),
        ({1, 2}, {1: "liver"}, "value 2"),
        ({1, 2}, {1: "liver", 2: "liver"}, "one name"),
    ],
)
def test_masks_that_do_not_fit_their_names_are_refused(
    present: set[int], names: dict[int, str] | None, said: str
) -> None:
    with pytest.raises(Unusable, match=said):
        name_structures(present, names)

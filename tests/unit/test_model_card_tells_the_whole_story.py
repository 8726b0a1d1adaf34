"""MODEL_CARD.md says what a model is, what was measured and what was not; its pictures lie beside it."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from events.evaluation import Interval
from tests.evaluations import evaluation, scores
from tests.stories import Model, Sentences, case, classification, multilabel, segmentation
from training.card import write_card
from training.facts import Story

EXPECTED = {
    classification: {"curves", "confusion", "calibration", "subgroups", "worst"},
    multilabel: {"curves", "per_class", "subgroups", "worst"},
    segmentation: {"curves", "dice", "worst"},
}
LEAST = 400
"""Pixels of a picture's shorter side."""


@dataclass(frozen=True)
class Made:
    folder: Path
    text: str
    pictures: set[str]


@pytest.fixture(scope="module", params=EXPECTED, ids=lambda make: make.__name__)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Each task's card, written once."""
    folder = tmp_path_factory.mktemp("card")
    return Made(folder, card(folder, request.param()), EXPECTED[request.param])


def card(folder: Path, story: Story) -> str:
    write_card(folder, story)
    return (folder / "MODEL_CARD.md").read_text(encoding="utf-8")


def facts(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "model_card.json").read_text(encoding="utf-8"))
    return found


def test_every_link_is_a_file_and_every_picture_is_linked(made: Made) -> None:
    links = re.findall(r"\]\(([^)]+)\)", made.text)
    assert {path.name for path in made.folder.iterdir()} == {*links, "MODEL_CARD.md"}
    assert {Path(link).stem for link in links if link.endswith(".png")} == made.pictures
    assert set(facts(made.folder)["pictures"]) == {f"{name}.png" for name in made.pictures}


def test_pictures_open_and_can_be_read(made: Made) -> None:
    for path in made.folder.glob("*.png"):
        with Image.open(path) as picture:
            picture.load()
            assert min(picture.size) >= LEAST, path.name
            assert max(picture.size) <= 3000, path.name


def test_numbers_for_people_and_for_machines_are_the_same(made: Made) -> None:
    text, known = made.text, facts(made.folder)
    rows = known["scores"] + known["subgroups"]
    for row in rows:
        assert f"{row['interval']['low']:.4f} to {row['interval']['high']:.4f}" in text
    assert all(sentence in text.replace("\\", "") for sentence in known["limits"] + known["preprocessing"])
    assert [row["model"].split(" ")[0] for row in known["scores"]] == ["this", "champion", "baseline:"]
    assert known["dataset"] in text and known["test_digest"] in text


def test_it_is_no_medical_device_and_names_no_patient(made: Made) -> None:
    assert "Not a medical device" in made.text
    assert "Intended use: left to" in made.text
    assert "patient-" not in made.text + (made.folder / "model_card.json").read_text()


def test_a_card_says_where_the_champion_stands(tmp_path: Path) -> None:
    assert "minus champion (version 1), same images: +0.0000 to +0.0500" in card(tmp_path, classification())


def test_a_subgroup_too_small_to_tell_has_a_wide_interval(tmp_path: Path) -> None:
    assert "| sex | M | 12 | 8 | 1.0000 | 0.6877 to 1.0000 | 0.9000 | -0.3123 to +0.3123 |" in card(
        tmp_path, classification()
    )


def test_probabilities_are_called_calibrated_only_where_they_are(tmp_path: Path) -> None:
    story = classification()
    assert isinstance(story.model, Model)
    plain = replace(story, model=replace(story.model, finishing=Sentences(())))
    assert "calibrated by one temperature on validation images" in card(tmp_path / "a", story)
    assert "are not calibrated" in card(tmp_path / "b", plain)
    assert "robabilit" not in card(tmp_path / "c", segmentation())


def test_a_first_model_on_a_perfect_day(tmp_path: Path) -> None:
    """No champion, no subgroups, one epoch, everything right, and no calibration measured."""
    perfect = scores(1.0, interval=Interval(low=1, high=1), per_class={"a": 1.0, "b": 1.0})
    first = evaluation(1.0, challenger=perfect, test_items=25, test_patients=25)
    story = classification()
    cases = [case(number) for number in range(3)]
    text = card(tmp_path, replace(story, evaluation=first, history=story.history[:1], cases=cases))
    assert "| this model | 1.0000 | 0.8871 to 1.0000 |" in text
    assert "champion" not in text
    assert "the dataset tells of none" in text


def test_nothing_to_show_is_no_picture(tmp_path: Path) -> None:
    story = replace(classification(), history=[], cases=[])
    text = card(tmp_path, story)
    assert "curves.png" not in text and "worst.png" not in text and "calibration.png" not in text


def test_names_may_hold_anything(tmp_path: Path) -> None:
    odd = ("a|b", "$x^{2", "<b>bold</b>", "肺炎", "[link](x)", "n" * 64)
    text = card(tmp_path, classification(odd))
    assert "a\\|b" in text
    assert "\\<b\\>" in text
    assert "\\[link\\](x)" in text
    assert facts(tmp_path)["classes"] == list(odd)


def test_many_classes_keep_pictures_small(tmp_path: Path) -> None:
    text = card(tmp_path, classification(tuple(f"class {number}" for number in range(120))))
    assert "truth ↓" not in text
    with Image.open(tmp_path / "confusion.png") as picture:
        assert max(picture.size) < 2500


def test_a_case_that_is_all_structure_or_none_is_outlined(tmp_path: Path) -> None:
    story = segmentation()
    whole = story.cases[0].picture * 0 + 1
    odd = [replace(story.cases[0], truth_mask=whole, answer_mask=whole * 0, dice={"liver": 0.0})]
    assert "worst.png" in card(tmp_path, replace(story, cases=odd))

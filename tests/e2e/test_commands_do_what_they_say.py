"""The command line against a deployed stack, as a person uses it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from medloop.cli.main import app
from medloop.settings import Settings
from tests.e2e.loop import Loop

pytestmark = pytest.mark.cloud


def medloop(*words: str) -> Result:
    return CliRunner().invoke(app, ["--stage", "laptop", *words])


def test_a_project_is_created_filled_and_shown(settings: Settings, samples: Path) -> None:
    created = medloop("project", "create", "typed", "--classes", "cross,ring,sphere")
    assert created.exit_code == 0, created.output
    first = medloop("upload", "typed", str(samples / "labelled" / "ring"), "--label", "ring")
    assert first.exit_code == 0 and "30 files uploaded" in first.output, first.output
    again = medloop("upload", "typed", str(samples / "labelled" / "ring"), "--label", "ring")
    assert "30 were there already" in again.output, again.output
    assert "cross, ring, sphere" in medloop("project", "list").output


def test_a_refused_file_is_named_with_what_to_do(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "letter.dcm").write_bytes(b"Dear colleague")
    medloop("project", "create", "letters", "--classes", "a,b")
    said = medloop("upload", "letters", str(tmp_path / "letter.dcm"), "--label", "a")
    assert "letter.dcm" in said.output and "not_an_image" in said.output, said.output


def test_unseen_images_are_predicted_in_a_table(shapes: Loop, samples: Path) -> None:
    image = next((samples / "predict").glob("*.png"))
    said = medloop("predict", "shapes", str(image))
    assert said.exit_code == 0 and image.name in said.output, said.output


def test_a_person_may_promote_another_version_and_roll_back(shapes: Loop) -> None:
    first = shapes.wait_for_champion().version
    second = shapes.train().model_version
    shapes.wait_for_champion(second)
    assert f"version {first}" in medloop("rollback", "shapes").output
    assert shapes.wait_for_champion().version == first
    promoted = medloop("promote", "shapes", str(second))
    assert promoted.exit_code == 0, promoted.output
    assert shapes.wait_for_champion().version == second
    assert "champion" in medloop("models", "shapes").output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("upload", "nowhere", "."), "no project nowhere"),
        (("rollback", "nowhere"), "never had another champion"),
        (("promote", "shapes", "999"), "has no version 999"),
        (("project", "create", "Bad Name", "--classes", "a,b"), "project"),
        (("project", "create", "one", "--classes", "a"), "classes"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_remedy(shapes: Loop, words: tuple[str, ...], says: str) -> None:
    said = medloop(*words)
    assert said.exit_code == 1
    assert says in said.output + said.stderr


def test_doctor_finds_a_healthy_stack(shapes: Loop) -> None:
    said = medloop("doctor")
    assert "15 queues wake their functions" in said.output, said.output
    assert "endpoint of shapes is InService" in said.output, said.output


def test_an_alert_can_be_tried(settings: Settings) -> None:
    said = medloop("alerts", "test")
    assert said.exit_code == 0, said.output

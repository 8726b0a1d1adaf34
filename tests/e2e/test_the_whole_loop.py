"""Images in; a judged, served model and its predictions out."""

import json
from pathlib import Path

import pytest

from events.dataset import Sample
from events.inference import ModelOutput
from local.samples import TRUTH
from medloop.aws import objects
from medloop.aws.clients import client
from medloop.catalogue.images import image_counts
from medloop.platform import catalogue
from medloop.rules.deployment import endpoint_name
from tests.e2e.loop import Loop, everything_is_accounted_for, until

pytestmark = pytest.mark.cloud


def test_the_first_model_becomes_champion(shapes: Loop) -> None:
    model = shapes.champion()
    assert model is not None and model.package_arn is not None
    package = client("sagemaker").describe_model_package(ModelPackageName=model.package_arn)
    assert package["ModelApprovalStatus"] == "Approved"
    assert package["CustomerMetadataProperties"]["model_version"] == str(model.version)


def test_every_labelled_image_is_in_the_dataset_once(shapes: Loop, samples: Path) -> None:
    files = [file for file in (samples / "labelled").rglob("*") if file.is_file()]
    first = shapes.jobs()[-1]
    path = f"datasets/shapes/{first.dataset}/manifest.jsonl"
    manifest = objects.read(shapes.settings.curated_bucket, path).decode().splitlines()
    samples_of = [Sample.model_validate_json(line) for line in manifest]
    assert len({sample.image for sample in samples_of}) == len(samples_of) == len(files)


def test_an_unseen_image_is_answered(shapes: Loop, samples: Path) -> None:
    truth: dict[str, str] = json.loads((samples / TRUTH).read_text())
    answers = [shapes.predict((samples / "predict" / name).read_bytes(), name) for name in sorted(truth)[:6]]
    assert [answer.state for answer in answers] == ["done"] * len(answers)
    for answer in answers:
        assert answer.output_path is not None
        stored = objects.read(shapes.settings.predictions_bucket, answer.output_path)
        output = ModelOutput.model_validate_json(stored)
        assert output.label == answer.label
        assert sum(output.probabilities.values()) == pytest.approx(1.0, abs=1e-4)


def test_the_endpoint_scales_from_and_to_zero(shapes: Loop) -> None:
    name = endpoint_name(shapes.settings.stage, shapes.project)
    policies = client("application-autoscaling").describe_scaling_policies(ServiceNamespace="sagemaker")
    kinds = {p["PolicyType"] for p in policies["ScalingPolicies"] if f"endpoint/{name}/" in p["ResourceId"]}
    assert kinds == {"TargetTrackingScaling", "StepScaling"}


def labelled(project: str) -> int:
    return catalogue().read(lambda conn: image_counts(conn, project)).get("labelled", 0)


def test_an_image_that_came_before_its_champion_waits_for_it(settings: object, samples: Path) -> None:
    assert settings is not None
    early = Loop(settings, "early")  # type: ignore[arg-type]
    early.create(("cross", "ring"), epochs=1)
    waiting = early.put("predict/waiting.png", next((samples / "predict").glob("*.png")).read_bytes())
    early.wait_for_verdicts([waiting])
    for label in ("cross", "ring"):
        for file in sorted((samples / "labelled" / label).iterdir()):
            early.put(f"labelled/{label}/{file.name}", file.read_bytes())
    until("the intake", lambda: labelled("early") == 60)
    early.train()
    assert early.answer(waiting).state == "done"


def test_nothing_is_lost(shapes: Loop) -> None:
    until("a quiet intake", lambda: everything_is_accounted_for(shapes.settings))

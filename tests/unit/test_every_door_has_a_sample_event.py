"""events/samples holds one real envelope per door, and the vocabulary reads each of them."""

import json
from pathlib import Path

import pytest
from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventModel
from pydantic import BaseModel, TypeAdapter

from events.alarms import AlarmStateChanged, AlertRaised
from events.inference import InferenceOutcome, InferenceRequested, PredictionMade
from events.models import EndpointStateChanged, ModelPackageStateChanged, PromotionRequested
from events.series import DeliveryConsidered, SeriesFellQuiet
from events.training import RetrainingConsidered, TrainingJobStateChanged, TrainingRequested
from events.upkeep import BackupDue, ReconcileDue, RestoreDrillDue
from events.uploads import ArchiveUploaded, ObjectCreated, ObjectRediscovered

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "events" / "samples"

HEARD: dict[str, object] = {
    "on_upload": ObjectCreated | ObjectRediscovered,
    "on_archive_uploaded": ArchiveUploaded,
    "on_series_due": SeriesFellQuiet | DeliveryConsidered,
    "on_retraining_due": RetrainingConsidered,
    "on_training_request": TrainingRequested,
    "on_training_finished": TrainingJobStateChanged,
    "on_model_approved": ModelPackageStateChanged | PromotionRequested,
    "on_endpoint_changed": EndpointStateChanged,
    "on_inference_request": InferenceRequested,
    "on_inference_finished": InferenceOutcome,
    "on_prediction_made": PredictionMade,
    "on_backup_due": BackupDue,
    "on_reconcile_due": ReconcileDue,
    "on_restore_drill_due": RestoreDrillDue,
    "on_alarm": AlarmStateChanged | AlertRaised,
    "on_api_request": APIGatewayProxyEventModel,
}

DOORS = sorted(path.stem for path in (ROOT / "functions").glob("on_*.py"))


def test_every_door_is_listed_with_what_it_hears() -> None:
    assert sorted(HEARD) == DOORS


@pytest.mark.parametrize("door", DOORS)
def test_the_vocabulary_reads_the_sample(door: str) -> None:
    envelope = json.loads((SAMPLES / f"{door}.json").read_text())
    # Queues bring bodies; API Gateway brings a request.
    bodies = (
        [record["body"] for record in envelope["Records"]]
        if "Records" in envelope
        else [json.dumps(envelope)]
    )
    for body in bodies:
        assert isinstance(TypeAdapter[BaseModel](HEARD[door]).validate_json(body), BaseModel)


@pytest.mark.parametrize("door", DOORS)
def test_a_misspelt_message_is_not_taken_for_a_good_one(door: str) -> None:
    with pytest.raises(ValueError):
        TypeAdapter[BaseModel](HEARD[door]).validate_json('{"kind": "Misspelt"}')

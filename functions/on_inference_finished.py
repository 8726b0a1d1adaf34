"""SageMaker answered, well or badly: keep the prediction, or why there is none."""

import base64

from aws_lambda_powertools.metrics import MetricUnit

from events.alarms import AlertRaised
from events.inference import InferenceOutcome, ModelOutput, PredictionMade
from medloop.aws import objects, queues
from medloop.aws.announcements import announce, raise_alert
from medloop.aws.door import door, logger, metrics
from medloop.catalogue.predictions import Prediction, fail_prediction, finish_prediction, get_prediction
from medloop.platform import catalogue, now
from medloop.settings import settings

GZIP = b"\x1f\x8b"


def on_inference_finished(body: str) -> None:
    outcome = InferenceOutcome.model_validate_json(body)
    prediction = catalogue().read(lambda conn: get_prediction(conn, outcome.inference_id))
    if prediction is None:
        logger.warning("nobody asked for this prediction")
    elif outcome.status == "Completed":
        answered(prediction, outcome.response.output_location)
    else:
        failed(prediction, outcome.failure_reason or "the endpoint gave no reason")


def answered(prediction: Prediction, location: str) -> None:
    output = ModelOutput.model_validate_json(objects.read(*objects.parse_uri(location)))
    metrics.add_metric("InferenceLatency", MetricUnit.Milliseconds, output.seconds * 1000)
    path = f"{prediction.project}/{prediction.image}/{prediction.model_version}.json"
    if output.mask:
        mask = base64.b64decode(output.mask)
        ending = ".mask.nii.gz" if mask.startswith(GZIP) else ".mask.npy"
        objects.write(settings().predictions_bucket, path.replace(".json", ending), mask)
    content = output.model_dump_json(indent=2, exclude={"mask"}).encode()
    objects.write(settings().predictions_bucket, path, content, "application/json")
    catalogue().run(
        lambda conn: finish_prediction(
            conn,
            prediction.id,
            output.label,
            output.confidence,
            output.probabilities,
            path,
            now(),
            output.volumes,
        )
    )
    fact = PredictionMade(
        project=prediction.project,
        image=prediction.image,
        prediction=prediction.id,
        model_version=prediction.model_version,
    )
    queues.send(settings().predictions_made_queue_url, fact)
    announce(settings().event_bus_name, fact)


def failed(prediction: Prediction, reason: str) -> None:
    catalogue().run(lambda conn: fail_prediction(conn, prediction.id, reason[:500], now()))
    alert = AlertRaised(
        name="inference failed",
        severity="warning",
        summary=f"version {prediction.model_version}: {reason}"[:500],
        project=prediction.project,
        dedup=f"inference-{prediction.project}-{prediction.model_version}",
    )
    raise_alert(settings().alarms_topic_arn, alert)


handler = door(on_inference_finished)

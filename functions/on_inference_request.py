"""An image is to be predicted: ask the champion's asynchronous endpoint, once."""

from typing import Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from events.inference import InferenceRequested
from medloop.aws import endpoints
from medloop.aws.clients import client
from medloop.aws.door import door, logger
from medloop.catalogue.images import Image, get_image
from medloop.catalogue.models import champion
from medloop.catalogue.predictions import Prediction, fail_prediction, request_prediction
from medloop.catalogue.projects import get_project
from medloop.platform import catalogue, now
from medloop.rules.deployment import endpoint_name, prediction_id
from medloop.rules.inputs import unsuitable
from medloop.settings import settings

# The catalogue makes a second answer harmless; this only saves its GPU time.
asked_before = DynamoDBPersistenceLayer(
    table_name=settings().idempotency_table, boto3_client=client("dynamodb")
)
asked_recently = IdempotencyConfig(expires_after_seconds=900, event_key_jmespath="prediction")


def on_inference_request(body: str) -> None:
    wanted = InferenceRequested.model_validate_json(body)
    image = catalogue().read(lambda conn: get_image(conn, wanted.image))
    model = catalogue().read(lambda conn: champion(conn, wanted.project))
    if image is None or model is None:
        # Without a champion the image waits in the catalogue; on_endpoint_changed asks again.
        logger.info("nobody to ask yet", project=wanted.project)
        return
    key = prediction_id(wanted.image, model.version)
    prediction = catalogue().run(
        lambda conn: request_prediction(conn, key, wanted.project, wanted.image, model.version, now())
    )
    if prediction.state == "requested" and not refused(prediction, image):
        uri = f"s3://{settings().curated_bucket}/{image.array_path}"
        ask(question={"prediction": prediction.id, "project": wanted.project, "uri": uri})


def refused(prediction: Prediction, image: Image) -> bool:
    """Whether the models of the project cannot take the image; then the prediction has failed."""
    project = catalogue().read(lambda conn: get_project(conn, prediction.project))
    why = None if project is None else unsuitable(image.dims or 2, project.spatial_dims)
    if why is not None:
        catalogue().run(lambda conn: fail_prediction(conn, prediction.id, why, now()))
    return why is not None


@idempotent_function(data_keyword_argument="question", persistence_store=asked_before, config=asked_recently)  # type: ignore[untyped-decorator]
def ask(question: dict[str, Any]) -> str:
    endpoint = endpoint_name(settings().stage, question["project"])
    return endpoints.invoke(endpoint, question["prediction"], question["uri"])


handler = door(on_inference_request)

"""An endpoint reached a state: crown the champion it serves, let it scale, and send what waited for it."""

from typing import Literal

from events.alarms import AlertRaised
from events.inference import InferenceRequested
from events.models import EndpointStateChanged, ModelPromoted
from medloop.aws import endpoints, queues
from medloop.aws.announcements import announce, raise_alert
from medloop.aws.door import door, logger
from medloop.aws.endpoints import Endpoint
from medloop.catalogue.images import predict_images_without_prediction
from medloop.catalogue.models import Model, champion, list_models, promote, set_model_state
from medloop.platform import catalogue, now
from medloop.rules.deployment import endpoint_name, version_of_release
from medloop.settings import settings

WAITING_LIMIT = 10_000
"""The reconciler asks for the rest, should more images than these wait."""


def on_endpoint_changed(body: str) -> None:
    name = EndpointStateChanged.model_validate_json(body).detail.endpoint
    project = name.removeprefix(endpoint_name(settings().stage, ""))
    # Before the endpoint is looked at: what begins to deploy meanwhile is not to be judged by an older look.
    released = deploying(project)
    # Events come late and out of order: the endpoint itself knows what is true now.
    endpoint = endpoints.describe(name)
    if endpoint is None or endpoint.status not in ("InService", "Failed"):
        return
    version = version_of_release(endpoint.config)
    if endpoint.status == "InService" and version is not None:
        crown(project, version)
    give_up_on_others(released, endpoint)


def crown(project: str, version: int) -> None:
    former = catalogue().read(lambda conn: champion(conn, project))
    if not catalogue().run(lambda conn: promote(conn, project, version, now())):
        raise LookupError("the endpoint serves a model that may not be champion")
    endpoints.scale(settings().stage, project, settings().endpoint_max_instances)
    sent = ask_for_waiting(project, version)
    if former is None or former.version != version:
        announce(settings().event_bus_name, ModelPromoted(project=project, version=version))
    logger.info("champion serves", project=project, version=version, waiting_images=sent)


def ask_for_waiting(project: str, version: int) -> int:
    waiting = catalogue().read(
        lambda conn: predict_images_without_prediction(conn, project, version, WAITING_LIMIT)
    )
    requests = (InferenceRequested(project=project, image=image.id) for image in waiting)
    return queues.send_all(settings().inference_requests_queue_url, requests)


def give_up_on_others(released: list[Model], endpoint: Endpoint) -> None:
    """A release that never answered, or failed while it was watched, was rolled back by SageMaker."""
    for model in released:
        if endpoint.status == "Failed":
            give_up(model, "approved", endpoint.failure_reason or "the endpoint failed")
        elif version_of_release(endpoint.config) != model.version:
            # SageMaker does not always say why.
            give_up(model, "rolled_back", endpoint.failure_reason or "the endpoint went back by itself")


def deploying(project: str) -> list[Model]:
    models = catalogue().read(lambda conn: list_models(conn, project))
    return [model for model in models if model.state == "deploying"]


def give_up(model: Model, state: Literal["approved", "rolled_back"], reason: str) -> None:
    """The alert first: should this door end in between, the event comes again and repeats both."""
    alert = AlertRaised(
        name="deployment failed",
        severity="critical",
        summary=f"version {model.version} does not serve: {reason}"[:500],
        project=model.project,
        dedup=f"deployment-{model.project}-{model.version}",
    )
    raise_alert(settings().alarms_topic_arn, alert)
    said = f"{state.replace('_', ' ')}: {reason}"[:500] if state == "rolled_back" else None
    catalogue().run(lambda conn: set_model_state(conn, model.project, model.version, state, now(), said))


handler = door(on_endpoint_changed)

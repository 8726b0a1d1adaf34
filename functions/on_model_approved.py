"""A model version is approved, or a person wants it back: release it to the project's endpoint."""

from pydantic import TypeAdapter

from events.models import ModelPackageStateChanged, PromotionRequested
from medloop.aws import endpoints
from medloop.aws.door import door, logger
from medloop.catalogue.models import Model, get_model, list_models, set_model_state
from medloop.catalogue.secret import Connection
from medloop.platform import catalogue, now, serving_platform
from medloop.settings import settings

Approval = TypeAdapter[ModelPackageStateChanged | PromotionRequested](
    ModelPackageStateChanged | PromotionRequested
)


def on_model_approved(body: str) -> None:
    model = approved_model(Approval.validate_json(body))
    if model is None:
        logger.info("an approval that is not, or no longer, one")
        return
    catalogue().run(lambda conn: note_approval(conn, model))
    uri = f"s3://{settings().models_bucket}/{model.artefact}"
    endpoints.release(serving_platform(settings()), model.project, model.version, uri)
    # Not before: a late event of the endpoint as it was would be taken for the end of this release.
    catalogue().run(lambda conn: set_model_state(conn, model.project, model.version, "deploying", now()))
    logger.info("model released", project=model.project, version=model.version)


def approved_model(approval: ModelPackageStateChanged | PromotionRequested) -> Model | None:
    """The model meant, or None for an approval that is not, or no longer, one.

    What was rolled back is released again by a person's wish only, not by a message that came twice.
    """
    if isinstance(approval, PromotionRequested):
        return catalogue().read(lambda conn: get_model(conn, approval.project, approval.version))
    if approval.detail.approval != "Approved":
        return None
    models = catalogue().read(list_models)
    of_package = (model for model in models if model.package_arn == approval.detail.arn)
    return next((model for model in of_package if model.state != "rolled_back"), None)


def note_approval(conn: Connection, model: Model) -> None:
    """A person's approval may overrule the gate: what was refused is approved first."""
    if model.state in ("evaluated", "refused"):
        set_model_state(conn, model.project, model.version, "approved", now(), "approved by a person")


handler = door(on_model_approved)

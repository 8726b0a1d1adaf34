"""The names of this deployment's resources, read once from the environment or from the stack's outputs."""

import os
from collections.abc import Callable, Mapping
from functools import cache

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Field `uploads_bucket` is the variable UPLOADS_BUCKET and the stack output UploadsBucket."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: str
    uploads_bucket: str
    curated_bucket: str
    models_bucket: str
    predictions_bucket: str
    backups_bucket: str
    intake_queue_url: str
    archives_queue_url: str
    series_due_queue_url: str
    series_due_queue_arn: str
    series_schedule_role_arn: str
    retraining_checks_queue_url: str
    training_requests_queue_url: str
    training_outcomes_queue_url: str
    inference_requests_queue_url: str
    predictions_made_queue_url: str
    model_approvals_queue_url: str
    backups_due_queue_url: str
    event_bus_name: str
    alarms_topic_arn: str
    inference_success_topic_arn: str
    inference_failure_topic_arn: str
    idempotency_table: str
    key_arn: str
    pseudonym_secret_arn: str
    webhooks_secret_arn: str
    catalogue_secret_arn: str
    sagemaker_role_arn: str
    container_image: str
    training_instance_type: str
    training_instance_price_per_hour: float
    """Of one training instance on demand, in USD."""
    endpoint_instance_type: str
    spot_training: bool
    capacity_alert_hours: float
    """People hear of a training job that has waited for its machines for this long."""
    endpoint_max_instances: int = 1
    endpoint_bake_seconds: int
    """How long a new release is watched, with the former one at hand."""
    api_url: str = ""
    """Without a slash at its end."""
    console_bucket: str = ""
    console_origin: str = ""
    """The only origin whose pages may call the API."""
    user_pool_id: str = ""
    user_pool_client_id: str = ""
    sign_in_url: str = ""
    """Where people sign in: the user pool's own pages."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Raises pydantic.ValidationError naming every missing variable."""
        return cls.model_validate(_present(cls, lambda name: environment.get(name.upper())))

    @classmethod
    def from_outputs(cls, outputs: Mapping[str, str]) -> "Settings":
        """Raises pydantic.ValidationError naming every missing stack output."""
        return cls.model_validate(_present(cls, lambda name: outputs.get(_camel(name))))

    def as_environment(self) -> dict[str, str]:
        """What `from_environment` reads: lets the command line act as the functions do."""
        return {name.upper(): str(value) for name, value in self.model_dump().items()}


def _present(model: type[BaseModel], read: Callable[[str], str | None]) -> dict[str, str]:
    found = {name: read(name) for name in model.model_fields}
    return {name: value for name, value in found.items() if value is not None}


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


@cache
def settings() -> Settings:
    """This process's settings; fails at a cold start, not at the night's first upload."""
    return Settings.from_environment(os.environ)

"""This deployment, opened once per process: settings and catalogue together."""

from datetime import UTC, datetime
from functools import cache

from medloop.aws.secrets import secret_text
from medloop.catalogue.connection import Catalogue, open_catalogue
from medloop.rules.deployment import Serving
from medloop.rules.training_plan import Platform
from medloop.settings import Settings, settings


@cache
def catalogue() -> Catalogue:
    """The catalogue this process's settings name."""
    return open_catalogue(secret_text(settings().catalogue_secret_arn))


def now() -> datetime:
    return datetime.now(UTC)


def training_platform(of: Settings) -> Platform:
    """The part of the settings that decides on training jobs."""
    return Platform(
        stage=of.stage,
        role_arn=of.sagemaker_role_arn,
        image=of.container_image,
        instance_type=of.training_instance_type,
        price_per_hour=of.training_instance_price_per_hour,
        spot=of.spot_training,
        key_arn=of.key_arn,
        curated_bucket=of.curated_bucket,
        models_bucket=of.models_bucket,
    )


def serving_platform(of: Settings) -> Serving:
    """The part of the settings that decides on endpoints."""
    return Serving(
        stage=of.stage,
        role_arn=of.sagemaker_role_arn,
        image=of.container_image,
        instance_type=of.endpoint_instance_type,
        key_arn=of.key_arn,
        predictions_bucket=of.predictions_bucket,
        success_topic_arn=of.inference_success_topic_arn,
        failure_topic_arn=of.inference_failure_topic_arn,
        bake_seconds=of.endpoint_bake_seconds,
    )

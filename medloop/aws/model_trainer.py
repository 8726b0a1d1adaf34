"""A planned training job, sent with the SageMaker Python SDK's ModelTrainer instead of boto3.

The SDK gets the very same request in its own words, and no leave to decide anything: it neither looks for
defaults on this machine, nor checks the role against rules that know nothing of ours, nor tells anybody.
"""

import logging
import os
import re
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from botocore.exceptions import ClientError

from medloop.aws.clients import session
from medloop.aws.training_jobs import Refused, Short, describe, problem_of

PACKAGE = "sagemaker-train"
"""The part of the SDK that holds ModelTrainer; `sagemaker` also brings serving and pipelines."""

HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

CONFIGURATION = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}
"""Without it the SDK reads the user's own defaults, and tells AWS of every call and what came of it."""


class NoModelTrainer(ImportError):
    """The SDK is not installed, or not the version 3 that has ModelTrainer."""


def check_installed() -> None:
    """Without importing it, which takes seconds.

    Raises:
        NoModelTrainer: it is not there.
    """
    try:
        metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        raise NoModelTrainer(PACKAGE) from None


def start(request: Mapping[str, Any]) -> Short | Refused | None:
    """CreateTrainingJob by ModelTrainer; the arguments and answers are those of `training_jobs.start`.

    Raises:
        NoModelTrainer: the SDK is not there.
    """
    trainer = model_trainer(request)
    try:
        trainer.train(wait=False, logs=False)
    except ClientError as error:
        return problem_of(error)
    if describe(request["TrainingJobName"]) is None:
        raise RuntimeError(f"the SageMaker SDK has started a job, but not as {request['TrainingJobName']}")
    return None


def model_trainer(request: Mapping[str, Any]) -> Any:
    """A ModelTrainer whose `train` makes this request.

    Raises:
        NoModelTrainer: the SDK is not there.
    """
    # The SDK asks whether the role may do everything everywhere, which ours may not.
    os.environ["SAGEMAKER_VALIDATE_ROLE"] = "false"
    try:
        from sagemaker.core.helper.session_helper import Session
        from sagemaker.train import ModelTrainer, configs
    except ImportError as error:
        raise NoModelTrainer(PACKAGE) from error
    logging.getLogger("sagemaker").setLevel(logging.ERROR)
    plan = snake(request)
    made = ModelTrainer(
        **arguments(request), sagemaker_session=Session(session(), sagemaker_config=CONFIGURATION)
    )
    made.with_metric_definitions(
        [configs.MetricDefinition(**one) for one in plan["algorithm_specification"]["metric_definitions"]]
    )
    made.with_retry_strategy(configs.RetryStrategy(**plan["retry_strategy"]))
    made.with_tensorboard_output_config(configs.TensorBoardOutputConfig(**plan["tensor_board_output_config"]))
    return made


def arguments(request: Mapping[str, Any]) -> dict[str, Any]:
    """What ModelTrainer is made with; the rest it learns by its `with_…` methods.

    It appends the time to a job's name, and then cuts that to 63 characters: a name of 63 stays as it is.
    """
    plan = snake(request)
    spot = plan["enable_managed_spot_training"]
    return {
        "base_job_name": plan["training_job_name"],
        "training_image": plan["algorithm_specification"]["training_image"],
        "training_input_mode": plan["algorithm_specification"]["training_input_mode"],
        "role": plan["role_arn"],
        "hyperparameters": dict(request["HyperParameters"]),
        "environment": dict(request["Environment"]),
        "input_data_config": plan["input_data_config"],
        "output_data_config": plan["output_data_config"],
        "checkpoint_config": plan["checkpoint_config"],
        "compute": {**plan["resource_config"], "enable_managed_spot_training": spot},
        "stopping_condition": plan["stopping_condition"],
        "networking": {"enable_network_isolation": plan["enable_network_isolation"]},
        "tags": plan["tags"],
    }


def snake(value: Any) -> Any:
    """The members of a request as the SDK spells them.

    >>> snake({"S3Uri": "s3://a/b", "VolumeSizeInGB": 50})
    {'s3_uri': 's3://a/b', 'volume_size_in_gb': 50}
    """
    if isinstance(value, Mapping):
        return {HUMP.sub("_", name).lower(): snake(member) for name, member in value.items()}
    if isinstance(value, list):
        return [snake(member) for member in value]
    return value

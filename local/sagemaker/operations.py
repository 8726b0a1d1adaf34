"""Every operation the laptop's SageMaker knows, by its name in the API."""

from collections.abc import Callable, Mapping

from local.sagemaker import endpoints, models, registry, scaling, tagging, training
from local.sagemaker.errors import ServiceError
from local.sagemaker.service import SageMaker
from local.sagemaker.state import Record

Operation = Callable[[SageMaker, Record], Record]

SAGEMAKER: dict[str, Operation] = {
    "CreateTrainingJob": training.create,
    "DescribeTrainingJob": training.describe,
    "StopTrainingJob": training.stop,
    "ListTrainingJobs": training.list_jobs,
    "CreateModel": models.create_model,
    "DescribeModel": models.describe_model,
    "DeleteModel": models.delete_model,
    "ListModels": models.list_models,
    "CreateEndpointConfig": models.create_config,
    "DescribeEndpointConfig": models.describe_config,
    "DeleteEndpointConfig": models.delete_config,
    "CreateEndpoint": endpoints.create,
    "DescribeEndpoint": endpoints.describe,
    "UpdateEndpoint": endpoints.update,
    "DeleteEndpoint": endpoints.delete,
    "ListEndpoints": endpoints.list_endpoints,
    "UpdateEndpointWeightsAndCapacities": endpoints.update_weights,
    "CreateModelPackageGroup": registry.create_group,
    "DescribeModelPackageGroup": registry.describe_group,
    "ListModelPackageGroups": registry.list_groups,
    "DeleteModelPackageGroup": registry.delete_group,
    "CreateModelPackage": registry.create_package,
    "DescribeModelPackage": registry.describe_package,
    "UpdateModelPackage": registry.update_package,
    "ListModelPackages": registry.list_packages,
    "DeleteModelPackage": registry.delete_package,
    "AddTags": tagging.add_tags,
    "ListTags": tagging.list_tags,
}

SCALING: dict[str, Operation] = {
    "RegisterScalableTarget": scaling.register,
    "DescribeScalableTargets": scaling.describe_targets,
    "DeregisterScalableTarget": scaling.deregister,
    "PutScalingPolicy": scaling.put_policy,
    "DescribeScalingPolicies": scaling.describe_policies,
    "DeleteScalingPolicy": scaling.delete_policy,
}

RUNTIME = ("InvokeEndpoint", "InvokeEndpointAsync")


def unsupported(name: str, known: Mapping[str, Operation] | tuple[str, ...]) -> ServiceError:
    return ServiceError(
        "UnsupportedOperation",
        f"{name} is not supported by medloop's local SageMaker; supported: {', '.join(sorted(known))}",
    )

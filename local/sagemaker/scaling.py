"""Application Auto Scaling for endpoint variants: targets and policies as the API sees them."""

import uuid

from local import ministack
from local.sagemaker import names
from local.sagemaker.errors import ServiceError, invalid
from local.sagemaker.listing import page
from local.sagemaker.service import SageMaker
from local.sagemaker.state import Record, State

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
LARGEST_PAGE = 50

PRINCIPAL = "sagemaker.application-autoscaling.amazonaws.com"
SERVICE_ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"


def register(sagemaker: SageMaker, request: Record) -> Record:
    """Create, or change what the request names."""
    resource = request["ResourceId"]
    if request["ServiceNamespace"] != "sagemaker" or request["ScalableDimension"] != DIMENSION:
        raise invalid(f"Only {DIMENSION} scales locally.")
    with sagemaker.state.lock:
        _check_variant(sagemaker.state, resource)
        known = sagemaker.state.targets.get(resource)
        if known is None and not {"MinCapacity", "MaxCapacity"} <= request.keys():
            raise invalid("MinCapacity and MaxCapacity are required for a new scalable target.")
        target = {**(known or _new_target()), **request}
        if target["MinCapacity"] > target["MaxCapacity"]:
            raise invalid("Maximum capacity cannot be less than minimum capacity")
        sagemaker.state.targets.put(resource, target)
    return {"ScalableTargetARN": target["ScalableTargetARN"]}


def describe_targets(sagemaker: SageMaker, request: Record) -> Record:
    wanted = request.get("ResourceIds")
    targets = [t for t in sagemaker.state.targets.all() if not wanted or t["ResourceId"] in wanted]
    found, token = page(targets, request, LARGEST_PAGE)
    return {"ScalableTargets": found, "NextToken": token}


def deregister(sagemaker: SageMaker, request: Record) -> Record:
    """Its policies go with it."""
    with sagemaker.state.lock:
        _target(sagemaker.state, request["ResourceId"])
        sagemaker.state.targets.drop(request["ResourceId"])
        for policy in policies_of(sagemaker.state, request["ResourceId"]):
            sagemaker.state.policies.drop(_key(policy))
    return {}


def put_policy(sagemaker: SageMaker, request: Record) -> Record:
    with sagemaker.state.lock:
        _target(sagemaker.state, request["ResourceId"])
        known = sagemaker.state.policies.get(_key(request)) or {}
        own = {
            "PolicyType": request.get("PolicyType", known.get("PolicyType", "StepScaling")),
            "PolicyARN": known.get("PolicyARN", _policy_arn(request)),
            "CreationTime": known.get("CreationTime", names.now()),
            "Alarms": [],
        }
        sagemaker.state.policies.put(_key(request), {**known, **request, **own})
    return {"PolicyARN": own["PolicyARN"], "Alarms": []}


def describe_policies(sagemaker: SageMaker, request: Record) -> Record:
    wanted, resource = request.get("PolicyNames"), request.get("ResourceId")
    policies = [
        policy
        for policy in sagemaker.state.policies.all()
        if (not wanted or policy["PolicyName"] in wanted) and resource in (None, policy["ResourceId"])
    ]
    found, token = page(policies, request, LARGEST_PAGE)
    return {"ScalingPolicies": found, "NextToken": token}


def delete_policy(sagemaker: SageMaker, request: Record) -> Record:
    with sagemaker.state.lock:
        if _key(request) not in sagemaker.state.policies:
            raise _not_found(f"No scaling policy found for {request['ResourceId']}: {request['PolicyName']}")
        sagemaker.state.policies.drop(_key(request))
    return {}


def policies_of(state: State, resource: str) -> list[Record]:
    return [policy for policy in state.policies.all() if policy["ResourceId"] == resource]


def endpoint_and_variant(resource: str) -> tuple[str, str]:
    """
    >>> endpoint_and_variant("endpoint/chest/variant/champion")
    ('chest', 'champion')
    """
    parts = resource.split("/")
    if len(parts) != 4 or (parts[0], parts[2]) != ("endpoint", "variant"):
        raise invalid(f"{resource} is not of the form endpoint/<name>/variant/<name>.")
    return parts[1], parts[3]


def _check_variant(state: State, resource: str) -> None:
    endpoint, variant = endpoint_and_variant(resource)
    variants = (state.endpoints.get(endpoint) or {}).get("ProductionVariants", [])
    if all(known["VariantName"] != variant for known in variants):
        raise invalid(f"The endpoint variant {resource} doesn't exist.")


def _new_target() -> Record:
    name = uuid.uuid4().hex[:16]
    arn = f"arn:aws:application-autoscaling:{ministack.region()}:{ministack.account()}:scalable-target/{name}"
    role = f"arn:aws:iam::{ministack.account()}:role/aws-service-role/{PRINCIPAL}/{SERVICE_ROLE}"
    return {
        "ScalableTargetARN": arn,
        "RoleARN": role,
        "CreationTime": names.now(),
    }


def _policy_arn(request: Record) -> str:
    return (
        f"arn:aws:autoscaling:{ministack.region()}:{ministack.account()}:scalingPolicy:{uuid.uuid4()}"
        f":resource/sagemaker/{request['ResourceId']}:policyName/{request['PolicyName']}"
    )


def _target(state: State, resource: str) -> Record:
    target = state.targets.get(resource)
    if target is None:
        raise _not_found(
            f"No scalable target registered for service namespace: sagemaker, resource ID: {resource}"
        )
    return target


def _not_found(message: str) -> ServiceError:
    return ServiceError("ObjectNotFoundException", message)


def _key(policy: Record) -> str:
    return f"{policy['ResourceId']}/{policy['PolicyName']}"

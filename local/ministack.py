"""ministack with medloop's SageMaker inside: `python -m local.ministack`, every AWS API on one port.

The only file that knows ministack's insides; `local.sagemaker` asks it for what a service gets from AWS.
Serves on 127.0.0.1:$GATEWAY_PORT (4566) unless BIND_HOST says otherwise.
"""

import asyncio
import functools
import hashlib
import importlib
import json
import os
import signal
from collections.abc import Mapping
from typing import Any

PRINCIPAL = "sagemaker.amazonaws.com"
RUNTIME_PATHS = "/endpoints/"


class Denied(Exception):
    """The caller is unknown, or none of its policies allows the action."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def account() -> str:
    return os.environ.get("MINISTACK_ACCOUNT_ID", "000000000000")


def region() -> str:
    return os.environ.get("MINISTACK_REGION", "us-east-1")


def endpoint() -> str:
    """Where this very process answers."""
    return f"http://127.0.0.1:{os.environ.get('GATEWAY_PORT', '4566')}"


def authorize(
    headers: Mapping[str, str], action: str, resource: str, keys: Mapping[str, Any] | None = None
) -> None:
    """Hold the present request against its caller's policies; anyone may do anything unless AUTH=true.

    Args:
        resource: ARN, or `*` for actions that take none.
        keys: condition keys of the request, such as `iam:PassedToService`.

    Raises:
        Denied: with the code and the words that AWS uses.
    """
    if not _module("app").AUTH:
        return
    caller = _module("core.router").extract_access_key_id(headers, {})
    service = action.partition(":")[0]
    denied = _module("core.iam_evaluator").enforce(
        caller, action, service, region(), resource_arn=resource, service_context=dict(keys or {})
    )
    if denied is None:
        return
    if isinstance(denied, _module("core.iam_evaluator").AuthError):
        raise Denied(denied.code, denied.message)
    explicit = denied.decision == "Deny"
    words = _module("core.iam_actions").identity_denial_message(
        action, denied.principal_arn, resource, explicit
    )
    raise Denied("AccessDeniedException", words)


def is_assumable(role_arn: str) -> bool:
    """Whether the role exists and trusts SageMaker; always true unless AUTH=true."""
    if not _module("app").AUTH:
        return True
    role = _module("services.iam")._roles.get_scoped(account(), None, role_arn.rpartition("/")[2])
    return _trusts_sagemaker((role or {}).get("AssumeRolePolicyDocument") or "{}")


def _trusts_sagemaker(document: str | dict[str, Any]) -> bool:
    # ministack's own evaluation of trust knows no service principals.
    policy = json.loads(document) if isinstance(document, str) else document
    for statement in _listed(policy.get("Statement")):
        services = _listed(statement.get("Principal", {}).get("Service"))
        if statement.get("Effect") == "Allow" and PRINCIPAL in services:
            return "sts:AssumeRole" in _listed(statement.get("Action"))
    return False


def _listed(value: Any) -> list[Any]:
    """IAM lets one thing stand for a list of one."""
    return value if isinstance(value, list) else [value] if value else []


def role_credentials(role_arn: str, session_name: str) -> dict[str, str]:
    """boto3 arguments that act as this role: what its policies lack is denied."""
    digest = hashlib.sha256(f"{role_arn}:{session_name}".encode()).hexdigest()
    access_key = f"ASIA{digest[:16].upper()}"
    secret = hashlib.sha256(f"secret:{digest}".encode()).hexdigest()
    token = hashlib.sha256(f"token:{digest}".encode()).hexdigest()
    role = role_arn.rpartition("/")[2]
    _module("services.sts").register_session(
        access_key,
        {
            "Arn": f"arn:aws:sts::{account()}:assumed-role/{role}/{session_name[:64]}",
            "UserId": f"{role}:{session_name[:64]}",
            "SecretAccessKey": secret,
            "SessionToken": token,
        },
    )
    return {
        "aws_access_key_id": access_key,
        "aws_secret_access_key": secret,
        "aws_session_token": token,
    }


def root_credentials() -> dict[str, str]:
    """boto3 arguments that act as AWS itself."""
    return {
        "aws_access_key_id": account(),
        "aws_secret_access_key": os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
    }


def publish_service_event(
    source: str, detail_type: str, detail: Mapping[str, Any], resources: list[str]
) -> None:
    """An event on the default bus as an AWS service sends it: PutEvents refuses `aws.` sources."""
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Resources": resources,
    }
    with _module("core.responses").request_scope(account(), region()):
        _module("services.eventbridge")._put_events({"Entries": [entry]}, allow_aws_source=True)


def main() -> None:
    """Serve until SIGTERM or SIGINT; then end our jobs and endpoints, and save ministack's state."""
    os.environ.setdefault("BIND_HOST", "127.0.0.1")
    app = _module("app")
    doors = importlib.import_module("local.sagemaker.doors")
    _mount(app, doors)
    hypercorn: Any = importlib.import_module("hypercorn.asyncio")
    serve = hypercorn.serve
    hypercorn.serve = functools.partial(serve, shutdown_trigger=functools.partial(_until_asked, doors))
    app.main()


def _mount(app: Any, doors: Any) -> None:
    router = _module("core.router")
    router.SERVICE_PATTERNS["sagemaker"] = {"target_prefixes": ["SageMaker."]}
    router.SERVICE_PATTERNS["application-autoscaling"] = {"target_prefixes": ["AnyScaleFrontendService."]}
    app.SERVICE_HANDLERS["sagemaker"] = doors.control_plane
    app.SERVICE_HANDLERS["sagemaker-runtime"] = doors.runtime
    app.SERVICE_HANDLERS["application-autoscaling"] = doors.scaling
    detect = app.detect_service

    def detect_service(method: str, path: str, headers: dict[str, str], query: dict[str, Any]) -> str:
        service = str(detect(method, path, headers, query))
        # Both APIs sign as `sagemaker`; only the control plane names its operation in a header.
        is_runtime = service == "sagemaker" and path.startswith(RUNTIME_PATHS)
        return "sagemaker-runtime" if is_runtime else service

    app.detect_service = detect_service


async def _until_asked(doors: Any) -> None:
    """hypercorn calls this once the port answers, and stops serving when it returns."""
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    await asyncio.to_thread(doors.service().start)
    await asked.wait()
    # The last checkpoints go to S3, so this happens while the port still answers.
    await asyncio.to_thread(doors.service().stop)


def _module(name: str) -> Any:
    return importlib.import_module(f"ministack.{name}")


if __name__ == "__main__":
    main()

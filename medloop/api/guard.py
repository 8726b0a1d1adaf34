"""What stands before every operation: who asks, whether they may, and a row that says so."""

from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from medloop.api.caller import Asked, asked_of, caller_of
from medloop.api.problems import FieldProblem, Problem, not_found, unusable
from medloop.aws.door import logger
from medloop.catalogue.audit import Trail, asked
from medloop.catalogue.projects import get_project
from medloop.platform import catalogue, now
from medloop.rules.access import CREATES, OPEN, Caller, Decision, decide

NO_ROUTE = "not_found_handler_"


def guard(app: APIGatewayRestResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Raises Problem: 401, 403, or 404 for what is not the caller's to know of."""
    operation = app.context["_route"].operation_id
    # An address that is none has an operation of Powertools' own, which answers 404.
    if operation in OPEN or operation.startswith(NO_ROUTE):
        return next_middleware(app)
    context = app.current_event.raw_event["requestContext"]
    request = asked_of(operation, app.context["_route_args"], context["requestId"])
    caller = signed_in(context)
    decision = decide(caller, operation, request.project, is_known(request))
    record(caller, request, decision)
    if decision == "hidden":
        raise not_found()
    if decision == "refused":
        raise forbidden(caller)
    check_parameters(app)
    app.append_context(caller=caller)
    return next_middleware(app)


def check_parameters(app: APIGatewayRestResolver) -> None:
    """A misspelt filter must not answer with everything. Raises Problem: 422."""
    known = {field.alias for field in app.context["_route"].dependant.query_params}
    unknown = sorted(app.current_event.query_string_parameters.keys() - known)
    if unknown:
        raise unusable(
            "unknown-parameter",
            "The address has parameters that this operation does not take.",
            f"It takes {', '.join(sorted(known))}." if known else "It takes none.",
            FieldProblem(field="query", problem=f"{len(unknown)} unknown"),
        )


def signed_in(context: dict[str, Any]) -> Caller:
    claims = (context.get("authorizer") or {}).get("claims")
    if not claims:
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "not-signed-in",
            "The request carries no valid token.",
            "Sign in, and send the ID token as `Authorization: Bearer …`.",
        )
    return caller_of(claims)


def is_known(request: Asked) -> bool:
    """Only looked up where it decides: what creates a project may name one that is not there yet."""
    if request.operation not in CREATES or request.project is None:
        return True
    name = request.project
    return catalogue().read(lambda conn: get_project(conn, name)) is not None


def record(caller: Caller, request: Asked, decision: Decision) -> None:
    """Before anything is read or done: what is not on record does not happen."""
    entry = asked(
        now(),
        caller.name,
        caller.role or "none",
        request.operation,
        request.project,
        request.subject,
        decision,
        request.request_id,
    )
    trail().record(entry)
    logger.info(
        "request", operation=request.operation, role=caller.role, project=request.project, decision=decision
    )


@cache
def trail() -> Trail:
    return Trail(catalogue())


def forbidden(caller: Caller) -> Problem:
    role = caller.role or "in none of medloop's groups"
    return Problem(
        HTTPStatus.FORBIDDEN,
        "not-allowed",
        f"This is not for you: you are {role}.",
        "Ask an administrator for the role that may do it.",
    )

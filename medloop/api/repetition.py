"""Writes that carry an Idempotency-Key happen once: a repetition gets the first answer again."""

import hashlib
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyValidationError,
)

from medloop.api.problems import Problem, conflict, unusable
from medloop.aws.clients import client
from medloop.settings import settings

HEADER = "Idempotency-Key"
LONGEST = 200
"""Characters of a key."""

KEPT_SECONDS = 24 * 3600


def once(app: APIGatewayRestResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Raises Problem: the same key with another request, or while the first is still being done."""
    event = app.current_event
    key = event.headers.get(HEADER)
    caller = app.context.get("caller")
    if event.http_method == "GET" or key is None or caller is None:
        return next_middleware(app)
    if not 0 < len(key) <= LONGEST:
        raise unusable("invalid-key", f"An {HEADER} has 1 to {LONGEST} characters.", "Send a UUID.")
    body = hashlib.sha256((event.body or "").encode()).hexdigest()
    asked = {"key": f"{caller.name} {event.http_method} {event.path} {key}", "body": body}
    config().register_lambda_context(app.lambda_context)
    try:
        # Powertools has no way to give a function of one request its idempotency, but to wrap it.
        first = idempotent_function(
            lambda asked: _kept(next_middleware(app)),
            data_keyword_argument="asked",
            persistence_store=answers(),
            config=config(),
        )
        return _given(first(asked=asked))
    except IdempotencyAlreadyInProgressError:
        raise _still_doing() from None
    except IdempotencyValidationError:
        raise _another_request() from None


@cache
def answers() -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(
        table_name=settings().idempotency_table, boto3_client=client("dynamodb"), key_attr="id"
    )


@cache
def config() -> IdempotencyConfig:
    return IdempotencyConfig(
        expires_after_seconds=KEPT_SECONDS,
        event_key_jmespath="key",
        payload_validation_jmespath="body",
        raise_on_no_idempotency_key=True,
    )


def _kept(answer: Response[Any]) -> dict[str, Any]:
    return {"status": answer.status_code, "type": answer.content_type, "body": answer.body}


def _given(kept: dict[str, Any]) -> Response[Any]:
    return Response(int(kept["status"]), kept["type"], kept["body"])


def _still_doing() -> Problem:
    return conflict("in-progress", "The first request with this key is still being done.", "Ask again soon.")


def _another_request() -> Problem:
    return unusable(
        "key-used", "This key was sent with another request before.", "Use a new key for every request."
    )

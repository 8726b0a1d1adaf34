"""The API put together: its operations, the guard before them, and one form of error after them."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from medloop.api import datasets, images, jobs, models, people, predictions, projects, upkeep, uploads
from medloop.api.guard import guard
from medloop.api.openapi import described
from medloop.api.problems import Problem, answer, invalid, not_found
from medloop.api.repetition import once
from medloop.api.resource import Resource
from medloop.aws.door import logger, place_of, telling_of
from medloop.catalogue.errors import CatalogueError, Contended, Unavailable
from medloop.settings import settings

DOORS = (projects, uploads, images, datasets, jobs, models, predictions, upkeep, people)

FORMS = ("multipart/", "application/x-www-form-urlencoded")
NO_FORM = "application/octet-stream"


class Health(Resource):
    status: str
    stage: str


class JsonResolver(APIGatewayRestResolver):
    """Powertools would parse forms as well, and fail where one is malformed: here a body is JSON."""

    def resolve(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        return dict(super().resolve(without_forms(event), context))


def without_forms(event: Mapping[str, Any]) -> dict[str, Any]:
    """The same, but that a form's media type is one that nobody understands: it is answered with 415."""
    headers = {
        name: NO_FORM if name.lower() == "content-type" and value.lower().startswith(FORMS) else value
        for name, value in (event.get("headers") or {}).items()
    }
    return {**event, "headers": headers}


def make_app(console_origin: str) -> APIGatewayRestResolver:
    """`console_origin`: the only web page whose requests a browser may send, such as https://x.example."""
    app = JsonResolver(enable_validation=True, cors=only_for(console_origin))
    app.use(middlewares=[guard, once])
    for door in DOORS:
        app.include_router(door.router)

    @app.get("/health", operation_id="get_health", summary="Whether the API answers")
    def get_health() -> Health:
        return Health(status="ok", stage=settings().stage)

    @app.get("/openapi.json", operation_id="get_openapi", include_in_schema=False)
    def get_openapi() -> Response[str]:
        return Response(200, "application/json", described(app))

    add_errors(app)
    return app


def only_for(console_origin: str) -> CORSConfig:
    return CORSConfig(
        allow_origin=console_origin,
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
        expose_headers=["X-Request-Id"],
        max_age=3600,
    )


def add_errors(app: APIGatewayRestResolver) -> None:
    """Whatever is raised becomes problem details; what nobody foresaw is logged without its text."""

    def problem(error: Problem) -> Response[Any]:
        return answer(error, request_id(app))

    def unknown_path(error: NotFoundError) -> Response[Any]:
        return problem(not_found("address"))

    def bad_request(error: RequestValidationError) -> Response[Any]:
        return problem(invalid(list(error.errors())))

    def bad_media_type(error: RequestUnsupportedContentType) -> Response[Any]:
        return problem(
            Problem(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "media-type",
                "The body's media type is not understood.",
                "Send JSON as application/json.",
            )
        )

    def away(error: Exception) -> Response[Any]:
        logger.error("request failed", error=telling_of(error), at=place_of(error))
        return problem(
            Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "unavailable",
                "Something that the answer needs does not answer itself.",
                "Try again in a moment.",
            )
        )

    def unforeseen(error: Exception) -> Response[Any]:
        logger.error("request failed", error=telling_of(error), at=place_of(error))
        return problem(
            Problem(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "internal",
                "Something went wrong that should not.",
                "Try again; if it stays so, tell an engineer the request id.",
            )
        )

    app.exception_handler(Problem)(problem)
    app.not_found(unknown_path)
    app.exception_handler(RequestValidationError)(bad_request)
    app.exception_handler(RequestUnsupportedContentType)(bad_media_type)
    app.exception_handler([Unavailable, Contended, BotoCoreError])(away)
    app.exception_handler([CatalogueError, ClientError, Exception])(unforeseen)


def request_id(app: APIGatewayRestResolver) -> str:
    return str(app.current_event.raw_event["requestContext"]["requestId"])

"""The API's own description, made of the models; errors as they really are answered."""

import json
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

from medloop.api.problems import MEDIA_TYPE, ProblemDetails

TITLE: Final = "medloop"
VERSION: Final = "1.0.0"

ERRORS: Final = {
    "400": "The request is malformed.",
    "401": "The token is missing, expired or forged.",
    "403": "The role may not do this.",
    "404": "There is no such thing, or it is not the caller's to see.",
    "409": "The thing is not in a state for this.",
    "410": "It was there, and was deleted.",
    "413": "The body is too large.",
    "415": "The body's media type is not understood.",
    "422": "The request has fields that cannot be used.",
    "429": "Too many requests.",
    "500": "Something went wrong that should not.",
    "503": "Something that the answer needs does not answer itself.",
}


def described(app: APIGatewayRestResolver) -> str:
    """OpenAPI 3.1 as JSON."""
    text = app.get_openapi_json_schema(
        title=TITLE,
        version=VERSION,
        description="Images, datasets, trainings, models and predictions of a medloop deployment.",
        security_schemes={"token": HTTPBearer(bearerFormat="JWT", description="Cognito's ID token.")},
        security=[{"token": []}],
    )
    schema: dict[str, Any] = json.loads(text)
    schema["components"]["schemas"] |= problem_schemas()
    for operations in schema["paths"].values():
        for operation in operations.values():
            operation["responses"] = successes(operation["responses"]) | problems()
    for name in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(name, None)
    return json.dumps(schema)


def successes(responses: dict[str, Any]) -> dict[str, Any]:
    """Powertools describes an error of its own, which is never answered here."""
    return {status: response for status, response in responses.items() if status < "400"}


def problems() -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    return {status: {"description": text, "content": content} for status, text in ERRORS.items()}


def problem_schemas() -> dict[str, Any]:
    schema = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "ProblemDetails": schema}

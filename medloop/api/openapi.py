"""The API's own description, made of the models; errors as they really are answered."""

import json
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer
from pydantic import BaseModel

from medloop.api.problems import MEDIA_TYPE, ProblemDetails
from medloop.rules.access import OPEN
from medloop.rules.project import Project

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
    components = schema["components"]["schemas"]
    components |= schema_of(ProblemDetails) | schema_of(Project)
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    for operations in schema["paths"].values():
        for operation in operations.values():
            correct(operation)
    return json.dumps(schema)


def correct(operation: dict[str, Any]) -> None:
    """What Powertools cannot know of an operation."""
    operation["responses"] = successes(operation["responses"]) | problems()
    if operation["operationId"] in OPEN:
        operation["security"] = []
    if operation["operationId"] == "put_project":
        content = operation["requestBody"]["content"]["application/json"]
        content["schema"] = {"$ref": "#/components/schemas/Project"}


def successes(responses: dict[str, Any]) -> dict[str, Any]:
    """Powertools describes an error of its own, which is never answered here, and content where none is."""
    found = {status: response for status, response in responses.items() if status < "400"}
    if "204" in found:
        found["204"].pop("content", None)
    return found


def problems() -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    return {status: {"description": text, "content": content} for status, text in ERRORS.items()}


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """It and the models in it, by name; the project's own stands in the path."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema["required"] = [name for name in schema.get("required", []) if name != "project"]
    return {**schema.pop("$defs", {}), model.__name__: schema}

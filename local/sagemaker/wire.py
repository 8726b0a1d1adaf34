"""Requests and answers held against botocore's own models of the services."""

import functools
import json
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from local.sagemaker.errors import ServiceError, invalid


@functools.cache
def service_model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def parse(service: str, operation: str, body: bytes) -> dict[str, Any]:
    """The request of a JSON operation.

    Raises:
        ServiceError: it is no JSON, or breaks the model's rules.
    """
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        raise ServiceError("SerializationException", "The request is not JSON.") from None
    check(service, operation, request)
    return dict(request)


def check(service: str, operation: str, request: Any) -> None:
    """Raises ServiceError for the first broken rule: names, types, lengths, patterns, enumerations."""
    shape = service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        raise invalid(report.generate_report())
    for problem in _problems(shape, request, ""):
        raise invalid(f"1 validation error detected: {problem}")


def render(service: str, operation: str, answer: Any) -> bytes:
    """JSON of those members that the operation's answer has."""
    shape = service_model(service).operation_model(operation).output_shape
    return json.dumps(_pruned(shape, answer) if shape else {}).encode()


def _pruned(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure":
        return {
            name: _pruned(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if shape.type_name == "list":
        return [_pruned(shape.member, item) for item in value]
    return value


def _problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    """What ParamValidator leaves to the service: patterns, enumerations and upper limits."""
    if shape.type_name == "structure":
        for name, item in value.items():
            yield from _problems(shape.members[name], item, f"{path}.{name}".lstrip("."))
    elif shape.type_name == "list":
        for index, item in enumerate(value, 1):
            yield from _problems(shape.member, item, f"{path}.{index}.member")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _problems(shape.key, key, f"{path}.key")
            yield from _problems(shape.value, item, f"{path}.{key}.member")
    if constraint := _broken(shape, value):
        shown = "" if shape.type_name in ("structure", "list", "map") else f" '{value}'"
        yield f"Value{shown} at '{path}' failed to satisfy constraint: Member must {constraint}"


def _broken(shape: Any, value: Any) -> str:
    rules = shape.metadata
    if shape.type_name == "timestamp" or shape.type_name == "structure":
        return ""
    size = value if shape.type_name in ("integer", "long", "float", "double") else _length(value)
    if "max" in rules and size > rules["max"]:
        kind = "value" if size is value else "length"
        return f"have {kind} less than or equal to {rules['max']}"
    if "enum" in rules and value not in rules["enum"]:
        return f"satisfy enum value set: [{', '.join(rules['enum'])}]"
    pattern = _pattern(rules.get("pattern", ""))
    if pattern and isinstance(value, str) and not pattern.fullmatch(value):
        return f"satisfy regular expression pattern: {rules['pattern']}"
    return ""


def _length(value: Any) -> int:
    return len(value) if hasattr(value, "__len__") else 0


@functools.cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """None for patterns that only Java reads, such as `\\p{ASCII}*`."""
    try:
        return re.compile(text) if text else None
    except re.error:
        return None

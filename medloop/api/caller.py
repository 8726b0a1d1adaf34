"""Who asks, as API Gateway found after it had checked the token; and what they asked for."""

from dataclasses import dataclass
from typing import Any

from medloop.catalogue.grants import projects_of
from medloop.platform import catalogue
from medloop.rules.access import Caller, role_of


@dataclass(frozen=True)
class Asked:
    """One request, for logs and the audit trail: ids only."""

    operation: str
    project: str | None
    subject: str | None
    request_id: str


def caller_of(claims: dict[str, Any]) -> Caller:
    """Grants are read anew each time: what is taken away is gone at once, not when a token expires."""
    name = str(claims["cognito:username"])
    granted = catalogue().read(lambda conn: projects_of(conn, name))
    return Caller(name, role_of(claims.get("cognito:groups", "")), granted)


SUBJECTS = ("image", "dataset", "job", "version", "prediction", "door", "person")
"""Path parameters that say what an operation is about."""


def asked_of(operation: str, arguments: dict[str, Any], request_id: str) -> Asked:
    project = arguments.get("project")
    subject = next((str(arguments[name]) for name in SUBJECTS if arguments.get(name) is not None), None)
    return Asked(operation, None if project is None else str(project), subject, request_id)

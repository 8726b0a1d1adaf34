"""Who may do what through the API: roles, operations and the projects that a person was granted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Role = Literal["admin", "engineer", "medical-reader"]
"""Names of Cognito groups."""

Decision = Literal["allowed", "refused", "hidden"]
"""Hidden: answered as if it did not exist, since not even that is this person's to know."""

ROLES: Final[tuple[Role, ...]] = ("admin", "engineer", "medical-reader")
"""The first that a person is in counts."""

READERS: Final[frozenset[Role]] = frozenset(ROLES)
ENGINEERS: Final[frozenset[Role]] = frozenset({"admin", "engineer"})
ADMINS: Final[frozenset[Role]] = frozenset({"admin"})

OPEN: Final = frozenset({"get_health", "get_openapi"})
"""For anybody, signed in or not."""

ACCESS: Final[Mapping[str, frozenset[Role]]] = {
    "get_me": READERS,
    "list_projects": READERS,
    "get_project": READERS,
    "put_project": ENGINEERS,
    "get_overview": ENGINEERS,
    "create_uploads": ENGINEERS,
    "sign_parts": ENGINEERS,
    "complete_upload": ENGINEERS,
    "abort_upload": ENGINEERS,
    "list_images": READERS,
    "get_image": READERS,
    "get_image_content": READERS,
    "release_image": ENGINEERS,
    "retry_image": ENGINEERS,
    "list_datasets": ENGINEERS,
    "list_jobs": ENGINEERS,
    "create_job": ENGINEERS,
    "get_job": ENGINEERS,
    "get_curves": ENGINEERS,
    "cancel_job": ENGINEERS,
    "list_models": ENGINEERS,
    "get_model": ENGINEERS,
    "get_model_file": ENGINEERS,
    "approve_model": ENGINEERS,
    "promote_model": ENGINEERS,
    "rollback_model": ENGINEERS,
    "list_predictions": READERS,
    "get_prediction": READERS,
    "get_prediction_file": READERS,
    "put_review": READERS,
    "list_alerts": ENGINEERS,
    "list_queues": ENGINEERS,
    "redrive_queue": ADMINS,
    "list_grants": ADMINS,
    "put_grant": ADMINS,
    "delete_grant": ADMINS,
    "list_audit": ADMINS,
}
"""Every operation of the API but the open ones."""

CREATES: Final = frozenset({"put_project"})
"""May name a project that does not exist yet."""


@dataclass(frozen=True)
class Caller:
    name: str
    role: Role | None
    """None: signed in, and in none of the groups."""
    projects: frozenset[str]
    """What was granted; an admin needs no grant."""

    def may_see(self, project: str) -> bool:
        return self.role == "admin" or project in self.projects


def role_of(groups: str | list[str]) -> Role | None:
    """The highest role among Cognito's groups, which API Gateway joins into one text.

    >>> role_of("[medical-reader engineer]"), role_of("engineer,admin"), role_of("nurses")
    ('engineer', 'admin', None)
    """
    text = groups if isinstance(groups, str) else " ".join(groups)
    named = set(text.replace(",", " ").replace("[", " ").replace("]", " ").split())
    return next((role for role in ROLES if role in named), None)


def decide(caller: Caller, operation: str, project: str | None, is_known: bool = True) -> Decision:
    """Whether the caller may do this, in this project if it is about one.

    Args:
        is_known: there is such a project; one that is only being made belongs to who makes it.
    """
    is_new = operation in CREATES and not is_known
    if project is not None and not is_new and not caller.may_see(project):
        return "hidden"
    if caller.role is None or caller.role not in ACCESS.get(operation, frozenset()):
        return "refused"
    return "allowed"

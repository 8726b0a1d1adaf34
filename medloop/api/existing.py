"""The project that a request is about."""

from medloop.api.problems import not_found
from medloop.catalogue.projects import get_project
from medloop.platform import catalogue
from medloop.rules.project import Project


def existing_project(name: str) -> Project:
    """Raises Problem: 404."""
    found = catalogue().read(lambda conn: get_project(conn, name))
    if found is None:
        raise not_found("project")
    return found

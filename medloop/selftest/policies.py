"""The projects that the corpus is held against."""

from typing import Any, Final

from medloop.rules.project import Project

NAME: Final = "selftest"

DEFAULT: Final = Project(project=NAME, classes=("one", "two"))


def policy(name: str, **sections: Any) -> Project:
    """A project of its own, `selftest-<name>`: `policy("strict", intake={"strictness": "strict"})`."""
    fields = {"project": f"{NAME}-{name}", "classes": DEFAULT.classes, **sections}
    return Project.model_validate(fields)


STRICT: Final = policy("strict", intake={"strictness": "strict"})

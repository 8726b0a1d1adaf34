"""Who may do what is one table, complete for every operation that the API has."""

import json
from itertools import product

import pytest

from medloop.api.app import make_app
from medloop.api.openapi import described
from medloop.rules.access import ACCESS, OPEN, ROLES, Caller, Role, decide, role_of

OPERATIONS = sorted(ACCESS)
READS = {"get_me", "list_projects", "get_project", "list_images", "get_image", "get_image_content"}
READS |= {"list_predictions", "get_prediction", "get_prediction_file", "put_review"}
ADMINISTERS = {"redrive_queue", "list_grants", "put_grant", "delete_grant", "list_audit"}


def test_the_table_names_every_operation_and_no_other() -> None:
    paths = json.loads(described(make_app("")))["paths"]
    there = {told["operationId"] for methods in paths.values() for told in methods.values()}
    # The description itself is no part of the description.
    assert there | {"get_openapi"} == ACCESS.keys() | OPEN


@pytest.mark.parametrize(("role", "operation"), list(product(ROLES, OPERATIONS)))
def test_in_a_granted_project_the_role_decides(role: Role, operation: str) -> None:
    reader_may, engineer_may = operation in READS, operation not in ADMINISTERS
    may = {"admin": True, "engineer": engineer_may, "medical-reader": reader_may}[role]
    caller = Caller("ada", role, frozenset({"chest"}))
    assert decide(caller, operation, "chest") == ("allowed" if may else "refused")


@pytest.mark.parametrize(("role", "operation"), list(product(ROLES, OPERATIONS)))
def test_another_project_is_hidden_from_all_but_administrators(role: Role, operation: str) -> None:
    caller = Caller("ada", role, frozenset({"chest"}))
    assert decide(caller, operation, "knees") == ("allowed" if role == "admin" else "hidden")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_who_is_in_no_group_may_nothing(operation: str) -> None:
    nobody = Caller("ada", role_of(""), frozenset({"chest"}))
    assert decide(nobody, operation, "chest") == decide(nobody, operation, None) == "refused"


def test_an_unknown_operation_is_refused_to_everybody() -> None:
    assert decide(Caller("ada", "admin", frozenset()), "drop_everything", None) == "refused"


@pytest.mark.parametrize(("role", "decision"), [("engineer", "allowed"), ("medical-reader", "refused")])
def test_a_new_project_may_be_named_by_who_may_create_it(role: Role, decision: str) -> None:
    assert decide(Caller("ada", role, frozenset()), "put_project", "new", is_known=False) == decision


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ("engineer", "engineer"),
        ("[medical-reader admin]", "admin"),
        ("medical-reader,engineer", "engineer"),
        (["medical-reader"], "medical-reader"),
        ("administrators", None),
        ("", None),
    ],
)
def test_the_highest_group_is_the_role(groups: str | list[str], role: Role | None) -> None:
    assert role_of(groups) == role

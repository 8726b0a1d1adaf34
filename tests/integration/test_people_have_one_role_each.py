"""The user pool as `medloop users` sees it: made, changed, given a new password, removed."""

from collections.abc import Iterator
from typing import Any

import pytest

from medloop.aws.people import NoSuchPerson, People, PersonExists
from medloop.rules.access import ROLES
from tests.integration.laptop_platform import bare_cloud


@pytest.fixture(scope="module")
def cognito() -> Iterator[Any]:
    with bare_cloud() as cloud:
        yield cloud.client("cognito-idp")


@pytest.fixture
def pool(cognito: Any) -> str:
    pool = str(cognito.create_user_pool(PoolName="people")["UserPool"]["Id"])
    for role in ROLES:
        cognito.create_group(UserPoolId=pool, GroupName=role)
    return pool


@pytest.fixture
def people(cognito: Any, pool: str) -> People:
    return People(cognito, pool)


def test_nobody_is_there_at_first(people: People) -> None:
    assert list(people.everybody()) == []


def test_who_is_added_has_a_role_and_a_password_to_replace(people: People) -> None:
    assert len(people.add("anna", "medical-reader")) >= 20
    (anna,) = people.everybody()
    assert (anna.name, anna.role, anna.status) == ("anna", "medical-reader", "FORCE_CHANGE_PASSWORD")


def test_nobody_is_added_twice(people: People) -> None:
    people.add("anna", "engineer")
    with pytest.raises(PersonExists):
        people.add("anna", "admin")
    assert [person.role for person in people.everybody()] == ["engineer"]


def test_a_new_role_takes_the_place_of_the_old_one(people: People) -> None:
    people.add("anna", "admin")
    people.assign("anna", "medical-reader")
    assert [person.role for person in people.everybody()] == ["medical-reader"]


def test_who_is_in_no_group_has_no_role(cognito: Any, pool: str, people: People) -> None:
    cognito.admin_create_user(UserPoolId=pool, Username="stray", MessageAction="SUPPRESS")
    assert [person.role for person in people.everybody()] == [None]


def test_a_new_password_has_to_be_replaced_as_well(people: People) -> None:
    people.add("anna", "engineer")
    people.set_password("anna", "Lasting-password-1", lasting=True)
    assert people.reset_password("anna") != "Lasting-password-1"
    assert [person.status for person in people.everybody()] == ["FORCE_CHANGE_PASSWORD"]


def test_who_is_removed_is_gone(people: People) -> None:
    people.add("anna", "engineer")
    people.remove("anna")
    assert list(people.everybody()) == []


def test_nobody_unknown_is_changed(people: People) -> None:
    with pytest.raises(NoSuchPerson):
        people.remove("nobody")
    with pytest.raises(NoSuchPerson):
        people.reset_password("nobody")
    with pytest.raises(NoSuchPerson):
        people.assign("nobody", "admin")

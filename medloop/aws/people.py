"""Who may sign in, and as what: the users of the stack's pool, each in one group."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from medloop.rules.access import ROLES, Role

SYMBOLS = "-_.+"


class PersonExists(ValueError):
    """There is somebody of this name."""


class NoSuchPerson(LookupError):
    """There is nobody of this name."""


@dataclass(frozen=True)
class Person:
    name: str
    role: Role | None
    """None for somebody who was made elsewhere, and is in no group: they may do nothing."""
    status: str
    """CONFIRMED, or FORCE_CHANGE_PASSWORD until the temporary password is replaced."""
    made_at: datetime


class People:
    """The users of one pool."""

    def __init__(self, cognito: Any, pool: str) -> None:
        self._cognito, self._pool = cognito, pool

    def everybody(self) -> Iterator[Person]:
        for page in self._cognito.get_paginator("list_users").paginate(UserPoolId=self._pool):
            for user in page["Users"]:
                name = user["Username"]
                yield Person(name, self._role(name), user["UserStatus"], user["UserCreateDate"])

    def add(self, name: str, role: Role) -> str:
        """A temporary password, which is asked to be replaced at the first sign-in. Raises PersonExists."""
        password = new_password()
        try:
            self._call("admin_create_user", name, TemporaryPassword=password, MessageAction="SUPPRESS")
        except ClientError as error:
            if error.response["Error"]["Code"] == "UsernameExistsException":
                raise PersonExists(name) from None
            raise
        self.assign(name, role)
        return password

    def assign(self, name: str, role: Role) -> None:
        """Into this group, and out of every other. Raises NoSuchPerson."""
        for other in set(ROLES) - {role}:
            self._call("admin_remove_user_from_group", name, GroupName=other)
        self._call("admin_add_user_to_group", name, GroupName=role)

    def remove(self, name: str) -> None:
        """Raises NoSuchPerson. Tokens that were given out end within the hour."""
        self._call("admin_user_global_sign_out", name)
        self._call("admin_delete_user", name)

    def reset_password(self, name: str) -> str:
        """A new temporary password; whoever is signed in is signed out. Raises NoSuchPerson."""
        password = new_password()
        self.set_password(name, password, lasting=False)
        self._call("admin_user_global_sign_out", name)
        return password

    def set_password(self, name: str, password: str, lasting: bool) -> None:
        """Raises NoSuchPerson."""
        self._call("admin_set_user_password", name, Password=password, Permanent=lasting)

    def _role(self, name: str) -> Role | None:
        groups = self._call("admin_list_groups_for_user", name)["Groups"]
        known = {group["GroupName"] for group in groups}
        return next((role for role in ROLES if role in known), None)

    def _call(self, operation: str, name: str, **more: Any) -> Any:
        try:
            return getattr(self._cognito, operation)(UserPoolId=self._pool, Username=name, **more)
        except ClientError as error:
            if error.response["Error"]["Code"] == "UserNotFoundException":
                raise NoSuchPerson(name) from None
            raise


def new_password() -> str:
    """Twenty characters of which the pool's policy finds each kind; 110 bits."""
    return f"{secrets.token_urlsafe(12)}{secrets.choice(SYMBOLS)}aA1"

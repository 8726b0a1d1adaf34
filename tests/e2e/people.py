"""People who ask the API: users of the deployed pool, signed in, with their tokens."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from medloop.aws.clients import client
from medloop.rules.access import Role
from medloop.settings import Settings

PATIENCE = 60
"""Seconds."""


@dataclass(frozen=True)
class Person:
    name: str
    role: Role
    password: str = field(repr=False)
    token: str = field(repr=False)
    api: str
    console: str

    def send(
        self, method: str, path: str, body: bytes, media_type: str, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        own = {"Authorization": f"Bearer {self.token}", "Content-Type": media_type, **(headers or {})}
        return requests.request(method, self.api + path, data=body, headers=own, timeout=PATIENCE)

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        own = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return requests.request(method, self.api + path, json=body, headers=own, timeout=PATIENCE)

    def get(self, path: str) -> requests.Response:
        return self.ask("GET", path)

    def put(self, path: str, body: Mapping[str, Any] | None = None) -> requests.Response:
        return self.ask("PUT", path, body)

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        return self.ask("POST", path, body, headers)

    def delete(self, path: str) -> requests.Response:
        return self.ask("DELETE", path)


def hire(settings: Settings, role: Role) -> Person:
    """A new user of this role, signed in."""
    name, password = f"{role}-{uuid.uuid4().hex[:8]}", f"Aa1!{uuid.uuid4().hex}"
    pool, idp = settings.user_pool_id, client("cognito-idp")
    idp.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
    idp.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=role)
    signed_in = idp.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=settings.user_pool_client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    token = signed_in["AuthenticationResult"]["IdToken"]
    return Person(name, role, password, token, settings.api_url, settings.console_origin)

"""Signs in as a browser would, without one: the sign-in page, its form, and the code against a verifier."""

import base64
import hashlib
import html
import json
import re
import secrets
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from medloop.settings import Settings

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *redirect: Any) -> None:
        """Where one is sent is what a test wants to see."""


def ask(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """Any status is an answer; `Accept_Language="de"` is a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with build_opener(_Stay).open(Request(url, body, named, method=method)) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


@dataclass
class Visitor:
    """Somebody at the console's door, with a verifier of their own."""

    settings: Settings
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def home(self) -> str:
        return f"{self.settings.console_origin}/"

    def page(self, **changes: str) -> Answer:
        """The sign-in page for this request."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest())
        wish = {
            "client_id": self.settings.user_pool_client_id,
            "redirect_uri": self.home,
            "response_type": "code",
            "scope": "openid profile",
            "state": "here",
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return ask(f"{self.settings.sign_in_url}/oauth2/authorize?{urlencode(wish | changes)}")

    def code(self, name: str, password: str) -> str:
        """What the sign-in page sends the browser back with."""
        text = self.page().body.decode()
        hidden = {key: html.unescape(value) for key, value in HIDDEN.findall(text)}
        form = urlencode({**hidden, "username": name, "password": password}).encode()
        answer = ask(f"{self.settings.sign_in_url}/login", "POST", form, **FORM)
        assert answer.status == 302, answer.body[:500]
        place = urlsplit(str(answer.headers["Location"]))
        assert f"{place.scheme}://{place.netloc}{place.path}" == self.home
        assert parse_qs(place.query)["state"] == ["here"]
        return parse_qs(place.query)["code"][0]

    def tokens(self, code: str, verifier: str = "") -> Answer:
        """Whether the code and the verifier are worth tokens."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self.settings.user_pool_client_id,
            "redirect_uri": self.home,
            "code": code,
            "code_verifier": verifier or self.verifier,
        }
        return ask(f"{self.settings.sign_in_url}/oauth2/token", "POST", urlencode(form).encode(), **FORM)


HIDDEN = re.compile(r'name="([^"]+)"[^>]*value="([^"]*)"')


def id_token(settings: Settings, name: str, password: str) -> str:
    visitor = Visitor(settings)
    return str(visitor.tokens(visitor.code(name, password)).json["id_token"])

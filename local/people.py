"""The people of a laptop's cloud: one of each role, with a password that this machine alone knows."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.state import write_privately
from medloop.aws.people import People, PersonExists, new_password
from medloop.rules.access import Role

NAMES: Mapping[Role, str] = {"admin": "admin", "engineer": "engineer", "medical-reader": "reader"}


def settle(home: Path, cognito: Any, pool: str) -> None:
    """Make them, once for every user pool."""
    known = _kept(home)
    if known.get("pool") == pool:
        return
    password, people = known.get("password") or new_password(), People(cognito, pool)
    for role, name in NAMES.items():
        with suppress(PersonExists):
            people.add(name, role)
        people.set_password(name, password, lasting=True)
    write_privately(_file(home), json.dumps({"pool": pool, "password": password}))


def password(home: Path) -> str:
    return _kept(home)["password"]


def _file(home: Path) -> Path:
    return home / "people.json"


def _kept(home: Path) -> dict[str, str]:
    file = _file(home)
    found: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    return found

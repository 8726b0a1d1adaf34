"""Notes which permission each role really used, so that a test can name those that nobody needs."""

import json
import os
import threading
from pathlib import Path
from typing import Any


def amend(evaluator: Any) -> None:
    """Append each (role, action) once, when it is first allowed, to the file $MEDLOOP_GRANTS."""
    file = os.environ.get("MEDLOOP_GRANTS")
    if not file:
        return
    enforce, seen, turn = evaluator.enforce, read(Path(file)), threading.Lock()

    def noting_enforce(access_key: str, action: str, *arguments: Any, **named: Any) -> Any:
        denied = enforce(access_key, action, *arguments, **named)
        role = None if denied else _role(evaluator, access_key)
        if role and (role, action) not in seen:
            with turn, Path(file).open("a") as lines:
                seen.add((role, action))
                lines.write(json.dumps([role, action]) + "\n")
        return denied

    evaluator.enforce = noting_enforce


def read(file: Path) -> set[tuple[str, str]]:
    """(role name, action) pairs noted so far."""
    lines = file.read_text().splitlines() if file.exists() else []
    return {(role, action) for role, action in map(json.loads, lines)}


def _role(evaluator: Any, access_key: str) -> str | None:
    """The role's name; None for the cloud's root user."""
    caller = evaluator.resolve_caller_identity(access_key)
    arn = str((caller or {}).get("userArn", ""))
    return arn.split("/")[1] if ":assumed-role/" in arn else None

"""The verdict on one file, as people and scripts read it: one line of JSON."""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

Verdict = Literal["accepted", "quarantined", "ignored", "error"]

_BUG_HINT = "medloop failed on this file, which it never should: report the kind of error, not the file."


@dataclass(frozen=True)
class Finding:
    path: str
    verdict: Verdict
    reason: str | None = None
    """A code of docs/reasons.md; `folder_junk` where ignored; the exception's type for `error`."""
    hint: str | None = None
    format: str | None = None
    modality: str | None = None
    shape: tuple[int, ...] | None = None
    """As medloop.imaging.picture orders it: frames first in a picture, i, j, k in a volume."""
    spacing: tuple[float, ...] | None = None
    """Millimetres: between rows and between columns of a picture; along i, j, k of a volume."""
    warnings: tuple[str, ...] = ()
    """Deviations that were repaired without guessing."""
    seconds: float = 0.0
    facts: dict[str, int | float | str] = field(default_factory=dict)

    def as_json(self) -> str:
        """One line, ASCII only: file names of any encoding survive as escapes."""
        return json.dumps(asdict(self))

    def after(self, seconds: float) -> "Finding":
        return replace(self, seconds=round(seconds, 6))


def from_json(line: str) -> Finding:
    fields: dict[str, Any] = json.loads(line)
    for name in ("shape", "spacing", "warnings"):
        fields[name] = tuple(fields[name]) if fields[name] is not None else None
    return Finding(**fields)


def of_error(path: str, kind: str) -> Finding:
    """`kind` names a type of error or a signal, and quotes nothing."""
    return Finding(path, "error", kind, _BUG_HINT)

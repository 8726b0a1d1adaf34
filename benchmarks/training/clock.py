"""When an arm reached what: the seconds of each look at the validation images since the process began."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Clock:
    """Ticking from the moment that the arm may read its data; importing packages is not counted."""

    started: float = field(default_factory=time.perf_counter)
    looking: float = 0.0
    """Spent on validation: it counts, and is told apart."""
    rows: list[dict[str, float]] = field(default_factory=list)

    def seconds(self) -> float:
        return time.perf_counter() - self.started

    def note(self, score: float) -> None:
        row = {"epoch": len(self.rows) + 1.0, "validation_score": score, "seconds": round(self.seconds(), 2)}
        self.rows.append(row)
        print(" ".join(f"{name}={value:g}" for name, value in row.items()), flush=True)


def seconds_to(target: float, rows: list[dict[str, float]]) -> float | None:
    """Until the first look that was as good; None where none was."""
    return next((row["seconds"] for row in rows if row["validation_score"] >= target), None)


def best(rows: list[dict[str, float]]) -> float:
    return max((row["validation_score"] for row in rows), default=0.0)


def write(path: Path, result: dict[str, Any]) -> None:
    """Whole or not at all: what is there is not measured again."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)

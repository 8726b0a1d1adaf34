"""Faults for the functions of a laptop cloud: what AWS and PostgreSQL do on a bad day, by plan and by seed.

A folder holds the plan and the journal of what was injected. Where the variable MEDLOOP_FAULTS names it when
the cloud is brought up, every worker follows it (see local/faulty.py); the functions know nothing.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

FOLDER = "MEDLOOP_FAULTS"
"""The variable that names the folder."""

Kind = Literal["throttle", "refused", "lost", "slow", "hang", "conflict", "quota"]
"""throttle: AWS answers 503. quota: SageMaker has no instance left to lend. refused: no connection, nothing
happened. lost: it happened, the answer never came. slow: it takes longer. hang: longer than any function may.
conflict: PostgreSQL's 40001."""

SERVICES = (
    "s3",
    "kms",
    "sqs",
    "events",
    "secretsmanager",
    "dynamodb",
    "scheduler",
    "sagemaker",
    "postgresql",
)
"""kms is S3 answering that the key cannot be used now."""


@dataclass(frozen=True)
class Plan:
    """What goes wrong, where and how often; nothing unless told."""

    seed: int = 0
    """The nth call of the nth worker meets the same fault every time; which message it serves is chance."""
    functions: tuple[str, ...] = ("on-upload",)
    """How the names of those that suffer end."""
    rates: Mapping[str, Mapping[Kind, float]] = field(default_factory=dict)
    """Probability per call, 0 to 1, by service (of SERVICES) and kind."""
    slowness: tuple[float, float] = (0.002, 0.02)
    """Least and most seconds of a slow call."""
    outages: tuple[tuple[str, float, float], ...] = ()
    """Nothing connects to the service from the one to the other moment, in seconds since the epoch."""
    crashes: tuple[int, ...] = ()
    """Each kills one invocation at its nth step, once; a call is two steps, before it and after it."""
    crash_rate: float = 0.0
    """Probability, per invocation, that it is killed at a random one of its first hundred steps."""
    poison: str = ""
    """Objects whose key holds this text cannot be read, however often it is tried."""
    sluggish: str = ""
    """Reading an object whose key holds this text takes `sluggish_seconds`."""
    sluggish_seconds: float = 0.0
    no_machines: str = ""
    """Training jobs whose name holds this text are taken, and then never get a machine."""
    trace: bool = False
    """Note every step in the journal, faulty or not."""


def read_plan(text: str) -> Plan:
    """Of the plan's JSON text."""
    values = json.loads(text)
    for name in ("functions", "crashes", "slowness"):
        values[name] = tuple(values[name])
    values["outages"] = tuple(tuple(outage) for outage in values["outages"])
    return Plan(**values)


def has_no_machines(job: str) -> bool:
    """Whether the plan, if there is one, keeps all machines from this training job."""
    file = Path(os.environ.get(FOLDER, ""), "plan.json")
    if not os.environ.get(FOLDER) or not file.exists():
        return False
    wanted = read_plan(file.read_text()).no_machines
    return bool(wanted) and wanted in job


class Faults:
    """The folder, as tests see it: they write plans and count what was injected."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.stop()

    def follow(self, plan: Plan) -> None:
        """From each worker's next invocation on."""
        for claimed in self.folder.glob("crash-*"):
            claimed.unlink()
        aside = self.folder / "plan.new"
        aside.write_text(json.dumps(asdict(plan)))
        aside.replace(self.folder / "plan.json")

    def stop(self) -> None:
        self.follow(Plan(functions=()))

    def forget(self) -> None:
        """Empty the journal; the workers have it open, so it stays the same file."""
        (self.folder / "journal.jsonl").write_text("")

    def journal(self) -> Iterator[dict[str, Any]]:
        """Each entry has at, worker, invocation, step, service, call and kind."""
        file = self.folder / "journal.jsonl"
        for line in file.read_text().splitlines() if file.exists() else ():
            yield json.loads(line)

    def injected(self) -> Counter[str]:
        """How many faults of each `service kind`; steps that went well are not counted."""
        return Counter(
            f"{entry['service']} {entry['kind']}" for entry in self.journal() if entry["kind"] != "step"
        )

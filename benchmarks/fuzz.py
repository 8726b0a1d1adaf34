"""`make fuzz`: damaged files of every format through the whole intake, until the time is up.

Each is read and de-identified as the upload function would do it. It ends accepted or refused for a reason;
anything else that is raised is a bug, is shown with the seed that makes the file again, and fails the run.
"""

import json
import os
import random
import resource
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from benchmarks import machine
from benchmarks.fuzzing import Seed, harmed, seeds
from benchmarks.pipeline import table
from medloop.imaging.decoders.process import DECODER
from medloop.intake import prepare
from medloop.rules.project import Project
from medloop.rules.reasons import Refused

EVIDENCE: Final = Path(__file__).resolve().parents[1] / "docs" / "evidence" / "fuzz.md"
PROJECT: Final = Project(project="fuzz", classes=("a", "b"))
KEY: Final = bytes(32)

DIED: Final = frozenset({"crash", "time"})
"""Why a decoder process came to its end, as the facts of a refusal have it."""

console = Console()


@dataclass
class Tally:
    """What became of the files of one seed."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """By reason, or `accepted`."""
    died: Counter[str] = field(default_factory=Counter)
    """Decoder processes that the files took with them."""
    slowest: float = 0.0
    """Seconds for one file."""
    uncaught: list[str] = field(default_factory=list)
    """The round and the kind of error; its text could quote the file."""

    @property
    def files(self) -> int:
        return self.outcomes.total() + len(self.uncaught)


def main(
    seconds: Annotated[float, typer.Option(min=1, help="How long.")] = 240.0,
    seed: Annotated[int, typer.Option(help="Equal seeds harm equal files equally.")] = 0,
    out: Annotated[Path, typer.Option(help="Where the page goes; a .json lies beside it.")] = EVIDENCE,
) -> None:
    """Harm files, take them in, and write the page."""
    machine.pin()
    files = seeds()
    for name, one in files.items():
        prepare(one.whole, name, PROJECT, KEY)  # whole, every one of them is fine
    resting = peak_megabytes(resource.RUSAGE_SELF)
    tallies = {name: Tally() for name in files}
    began = time.monotonic()
    rounds = 0
    while time.monotonic() - began < seconds:
        for name, one in files.items():
            take(one, tallies[name], f"{seed}/{rounds}/{name}")
        rounds += 1
    took = time.monotonic() - began
    DECODER.close()
    run: dict[str, float] = {
        "seconds": took,
        "seed": seed,
        "megabytes_at_rest": resting,
        "megabytes": peak_megabytes(resource.RUSAGE_SELF),
        "decoder_megabytes": peak_megabytes(resource.RUSAGE_CHILDREN),
    }
    write(out, tallies, run)
    bugs = [bug for tally in tallies.values() for bug in tally.uncaught]
    console.print(f"{sum(tally.files for tally in tallies.values())} files in {took:.0f} s, {len(bugs)} bugs")
    for bug in bugs[:20]:
        console.print(f"  {bug}", highlight=False)
    raise typer.Exit(1 if bugs else 0)


def take(one: Seed, tally: Tally, name: str) -> None:
    """One file, harmed as its name says."""
    data = harmed(one, random.Random(name))
    began = time.monotonic()
    try:
        len(prepare(data, name, PROJECT, KEY).clean)
        tally.outcomes["accepted"] += 1
    except Refused as refusal:
        tally.outcomes[refusal.reason.value] += 1
        if (error := str(refusal.facts.get("error"))) in DIED:
            tally.died[error] += 1
    except Exception as error:  # what is looked for
        tally.uncaught.append(f"{name}: {type(error).__name__}")
    tally.slowest = max(tally.slowest, time.monotonic() - began)


def peak_megabytes(who: int) -> float:
    """Of resident memory, since the process began; of children, the largest that has ended."""
    scale = 1 if os.uname().sysname == "Darwin" else 1024
    return resource.getrusage(who).ru_maxrss * scale / 1e6


def write(out: Path, tallies: dict[str, Tally], run: dict[str, float]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    found = {
        name: {
            "outcomes": dict(tally.outcomes.most_common()),
            "died": dict(tally.died),
            "slowest_seconds": round(tally.slowest, 4),
            "uncaught": tally.uncaught,
        }
        for name, tally in tallies.items()
    }
    facts = {"machine": machine.described(), "run": run, "seeds": found}
    out.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n")
    out.write_text("\n".join(page(tallies, run)) + "\n")


def page(tallies: dict[str, Tally], run: dict[str, float]) -> list[str]:
    where = machine.described()
    files, uncaught = (sum(numbers) for numbers in zip(*map(counted, tallies.values()), strict=True))
    died = sum((tally.died for tally in tallies.values()), Counter[str]())
    reasons = sum((tally.outcomes for tally in tallies.values()), Counter[str]())
    return [
        "# Damaged files",
        "",
        f"Written by `make fuzz`. {files} files in {run['seconds']:.0f} s, made of {len(tallies)} sound ones",
        "by cutting, altering, tearing and putting extreme numbers into them, were read and de-identified",
        "as the upload function does it.",
        "",
        f"- **{uncaught} errors** that were no reason of ours.",
        f"- {died['crash']} decoder processes crashed and {died['time']} ran out of time; their file is then",
        "  refused as `undecodable`, and the next one is read by another.",
        f"- The slowest file took {max(tally.slowest for tally in tallies.values()):.2f} s.",
        f"- Memory: at most {run['megabytes']:.0f} MB, {run['megabytes_at_rest']:.0f} MB of it before the",
        f"  first damaged file; the decoder process at most {run['decoder_megabytes']:.0f} MB.",
        f"- Machine: {where['processor']}, {where['cores']} cores, Python {where['python']};"
        f" `--seed {run['seed']:.0f}`.",
        "",
        "## By reason",
        "",
        *table(["outcome", "files"], [[f"`{name}`", str(count)] for name, count in reasons.most_common()]),
        "",
        "## By format",
        "",
        *table(
            ["sound file", "files", "accepted", "refused, by reason", "slowest ms"],
            [row(name, tally) for name, tally in tallies.items()],
        ),
        "",
        "Accepted are files whose harm cannot be told from other values: a pixel, a comment, a date. The",
        "same runs in the unit tests at a fixed size (`tests/unit/test_imaging_survives_fuzzing.py`).",
    ]


def counted(tally: Tally) -> tuple[int, int]:
    return tally.files, len(tally.uncaught)


def row(name: str, tally: Tally) -> list[str]:
    refused = [f"{reason} {count}" for reason, count in tally.outcomes.most_common() if reason != "accepted"]
    accepted = tally.outcomes["accepted"]
    return [name, str(tally.files), str(accepted), ", ".join(refused), f"{1000 * tally.slowest:.0f}"]


if __name__ == "__main__":
    typer.run(main)

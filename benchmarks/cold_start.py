"""`make bench-cold-start`: what a new worker of each function imports before it can take its first message.

Each module is imported in a fresh interpreter, several times; the median counts. The files are in the page
cache and compiled, as in a layer that carries its .pyc files.
"""

import json
import os
import statistics
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import machine
from benchmarks.pipeline import table
from medloop.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[1]
EVIDENCE = REPOSITORY / "docs" / "evidence" / "cold-start.md"

IMPORT = """
import sys, time
began = time.perf_counter()
__import__(sys.argv[1])
took = time.perf_counter() - began
import json, psutil
loaded = sorted({name.partition(".")[0] for name in sys.modules})
held = psutil.Process().memory_info().rss
print(json.dumps({"seconds": took, "megabytes": held / 1e6, "loaded": loaded}))
"""

HEAVY = (
    "numpy",
    "pydicom",
    "PIL",
    "nibabel",
    "tifffile",
    "imagecodecs",
    "psycopg",
    "boto3",
    "torch",
    "monai",
)
"""Packages that a function may or may not need."""

console = Console()


@dataclass(frozen=True)
class Start:
    """One function's module."""

    function: str
    milliseconds: float
    megabytes: float
    """Of the process behind the import."""
    heavy: list[str]
    costs: dict[str, float]
    """Milliseconds by top-level package, the dearest five, each import counted once, where it happens."""


def main(
    repeats: Annotated[int, typer.Option(min=1, help="Fresh interpreters for each function.")] = 5,
    out: Annotated[Path, typer.Option(help="Where the page goes; a .json lies beside it.")] = EVIDENCE,
) -> None:
    """Import every function's module and write the page."""
    doors = sorted(file.stem for file in (REPOSITORY / "functions").glob("on_*.py"))
    starts = [started(name, repeats) for name in doors]
    for start in starts:
        console.print(
            f"  {start.function:26}{start.milliseconds:6.0f} ms {start.megabytes:5.0f} MB", highlight=False
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    facts = {"machine": machine.described(), "functions": [asdict(start) for start in starts]}
    out.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n")
    out.write_text("\n".join(page(starts, repeats)))


def started(function: str, repeats: int) -> Start:
    module = f"functions.{function}"
    # The first makes the .pyc files.
    runs = [json.loads(python("-c", IMPORT, module).stdout) for _ in range(repeats + 1)][1:]
    return Start(
        function=function,
        milliseconds=1000 * statistics.median(run["seconds"] for run in runs),
        megabytes=statistics.median(run["megabytes"] for run in runs),
        heavy=[name for name in HEAVY if name in runs[0]["loaded"]],
        costs=costs(python("-X", "importtime", "-c", f"import {module}").stderr),
    )


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """As Lambda starts it: the function's variables are set, AWS is never called."""
    variables = dict.fromkeys(map(str.upper, Settings.model_fields), "1")
    telemetry = {"POWERTOOLS_SERVICE_NAME": "medloop", "POWERTOOLS_TRACE_DISABLED": "true"}
    region = {"AWS_DEFAULT_REGION": "us-east-1", **machine.PINNED}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **variables, **telemetry, **region},
        cwd=REPOSITORY,
        text=True,
        capture_output=True,
        check=True,
    )


def costs(importtime: str) -> dict[str, float]:
    """From the lines `import time: self [us] | cumulative | name` of -X importtime."""
    spent: Counter[str] = Counter()
    for line in importtime.splitlines():
        own, _, name = line.removeprefix("import time:").split("|")
        if own.strip().isdigit():
            spent[name.strip().partition(".")[0]] += int(own)
    return {name: microseconds / 1000 for name, microseconds in spent.most_common(5)}


def page(starts: list[Start], repeats: int) -> list[str]:
    where = machine.described()
    rows = [
        [
            f"`{start.function}`",
            f"{start.milliseconds:.0f}",
            f"{start.megabytes:.0f}",
            ", ".join(start.heavy) or "–",
            ", ".join(f"{name} {cost:.0f}" for name, cost in start.costs.items()),
        ]
        for start in starts
    ]
    return [
        "# Cold start of the functions",
        "",
        "The import of each function's module in a fresh interpreter, files cached and compiled: what a new",
        f"worker does before its first message. Medians of {repeats}; written by `make bench-cold-start`.",
        "",
        f"{where['processor']}, {where['cores']} cores, {where['memory']}, Python {where['python']}.",
        "",
        *table(["function", "ms", "MB", "heavy packages", "dearest packages, ms under -X importtime"], rows),
        "",
    ]


if __name__ == "__main__":
    typer.run(main)

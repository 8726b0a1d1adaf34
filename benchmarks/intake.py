"""`make bench-intake DATA=folder`: medloop's intake of DICOM beside what else one would use, file by file.

Each arm is a process of its own (benchmarks/arms.py), one thread, on the same files in the same order, all of
them in the page cache. Rates are of the files that every arm could read; failures are counted by reason.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import machine
from benchmarks.arms import ARMS
from benchmarks.pipeline import table

REPOSITORY = Path(__file__).resolve().parents[1]
EVIDENCE = REPOSITORY / "docs" / "evidence" / "intake-speed.md"

LARGE = 256 * 1024
"""Bytes from which an uncompressed file counts as large."""

OURS = "medloop"
BASELINE = "pydicom + Pillow + dicom-anonymizer"
"""The arm that does the least that one must do with an image of a patient, with what there is."""

console = Console()


@dataclass(frozen=True)
class Arm:
    """One arm's figures on one set."""

    name: str
    images_per_minute: float
    p50_ms: float
    p95_ms: float
    peak_mb: float
    own_mb: float
    """Of these, what was not there yet when everything was imported."""
    failures: Mapping[str, int]


@dataclass(frozen=True)
class Set:
    """One kind of files."""

    name: str
    files: int
    common: int
    """Files that every arm could read: the rates are of these."""
    megabytes: float
    syntaxes: Mapping[str, int]
    arms: Sequence[Arm]
    others: float
    """Share of the machine that unrelated processes used meanwhile, 0 to 1."""

    def arm(self, name: str) -> Arm:
        return next(arm for arm in self.arms if arm.name == name)


def main(
    data: Annotated[Path, typer.Option(help="A folder of DICOM files, however deep.")],
    limit: Annotated[int, typer.Option(min=1, help="At most so many files of each set.")] = 600,
    repeats: Annotated[int, typer.Option(min=1, help="Passes of each arm; a file's median counts.")] = 5,
    decoders: Annotated[Path | None, typer.Option(help="Packages that only the other arms see.")] = None,
    out: Annotated[Path, typer.Option(help="Where the page goes; a .json lies beside it.")] = EVIDENCE,
) -> None:
    """Sort the folder's files into sets, run every arm on each, and write the page."""
    machine.pin()
    found = sets(data)
    results = [measured(name, files[:limit], repeats, decoders) for name, files in found.items() if files]
    write(out, results, repeats)


def sets(folder: Path) -> dict[str, list[Path]]:
    """DICOM images by what makes them cheap or dear; other files are left out."""
    found: dict[str, list[Path]] = {"small, uncompressed": [], "large, uncompressed": [], "compressed": []}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and (syntax := syntax_of(file)):
            size = "large" if file.stat().st_size >= LARGE else "small"
            found["compressed" if syntax.is_compressed else f"{size}, uncompressed"].append(file)
    return found


def syntax_of(file: Path) -> Any:
    """The transfer syntax of a DICOM image that says so; None of anything else."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        header = dcmread(file, stop_before_pixels=True)
    except (InvalidDicomError, EOFError):
        return None
    return header.file_meta.get("TransferSyntaxUID") if "Rows" in header else None


def measured(name: str, files: Sequence[Path], repeats: int, decoders: Path | None) -> Set:
    before = machine.read()
    raw = {arm: run(arm, files, repeats, decoders) for arm in ARMS}
    others = others_than_arms(before, machine.read(), raw)
    common = [n for n in range(len(files)) if not any(result["failures"][n] for result in raw.values())]
    result = Set(
        name=name,
        files=len(files),
        common=len(common),
        megabytes=sum(file.stat().st_size for file in files) / 1e6,
        syntaxes=dict(Counter(str(syntax_of(file).name) for file in files)),
        arms=[arm_of(arm, result, common) for arm, result in raw.items()],
        others=others,
    )
    show(result)
    return result


def run(arm: str, files: Sequence[Path], repeats: int, decoders: Path | None) -> dict[str, Any]:
    """The arm's process on these files, just read so that they are in the page cache."""
    more = {} if arm == OURS or decoders is None else {"PYTHONPATH": str(decoders.resolve())}
    for file in files:
        file.read_bytes()
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.arms", arm, str(repeats)],
        input="\n".join(str(file.resolve()) for file in files),
        text=True,
        capture_output=True,
        cwd=REPOSITORY,
        env={**os.environ, **more},
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{arm} failed:\n{done.stderr[-2000:]}")
    return {**json.loads(done.stdout), "took": time.monotonic() - began}


def others_than_arms(before: machine.Reading, after: machine.Reading, raw: Mapping[str, Any]) -> float:
    """Our arms use one core while they run."""
    cores = machine.cores()
    used = (after.machine - before.machine) / ((after.at - before.at) * cores)
    ours: float = sum(result["took"] for result in raw.values()) / ((after.at - before.at) * cores)
    return max(0.0, used - ours)


def arm_of(name: str, raw: Mapping[str, Any], common: Sequence[int]) -> Arm:
    """Of each file the median of its passes: a neighbour's burst touches one pass, not the figure."""
    times = sorted(statistics.median(run[n] for run in raw["seconds"]) for n in common)
    return Arm(
        name=name,
        images_per_minute=60 * len(times) / sum(times) if times else 0.0,
        p50_ms=1000 * times[len(times) // 2] if times else 0.0,
        p95_ms=1000 * times[len(times) * 95 // 100] if times else 0.0,
        peak_mb=raw["peak_mb"],
        own_mb=raw["peak_mb"] - raw["base_mb"],
        failures=dict(Counter(failure for failure in raw["failures"] if failure)),
    )


# ── what is written ──────────────────────────────────────────────────────────────────────────────────


def show(result: Set) -> None:
    console.print(
        f"\n{result.name}: {result.files} files, {result.common} read by every arm", highlight=False
    )
    for arm in result.arms:
        rate = f"{arm.images_per_minute:8.0f} images/min  p50 {arm.p50_ms:7.2f}  p95 {arm.p95_ms:7.2f} ms"
        console.print(
            f"  {arm.name:36}{rate}  {arm.peak_mb:4.0f} MB  {failed(arm)}", highlight=False, soft_wrap=True
        )


def write(out: Path, results: Sequence[Set], repeats: int) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    facts = {"machine": machine.described(), "repeats": repeats, "sets": [asdict(one) for one in results]}
    out.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n")
    out.write_text("\n".join(page(results, repeats)))
    console.print(f"\n{out}", highlight=False, soft_wrap=True)


def page(results: Sequence[Set], repeats: int) -> list[str]:
    where = machine.described()
    versions = ", ".join(f"{name} {where[name]}" for name in machine.PACKAGES)
    lines = [
        "# Speed of the intake",
        "",
        "One DICOM file after the other: read, checked, made a float32 array and a file without identifiers.",
        "Written by `make bench-intake DATA=folder`.",
        "",
        f"- {where['processor']}, {where['cores']} cores, {where['memory']}, Python {where['python']}",
        f"- {versions}",
        "- one process and one thread for each arm, files in the page cache, results in memory",
        f"- {repeats} passes after one that is not measured, and of each file the median",
        "- rates, p50 and p95 are of the files that every arm could read",
        "",
        "The arms:",
        "",
        *(f"- **{name}**: {load.__doc__}" for name, load in ARMS.items()),
        "",
    ]
    for result in results:
        lines += section(result)
    return lines


def section(result: Set) -> list[str]:
    syntaxes = ", ".join(f"{number} {name}" for name, number in sorted(result.syntaxes.items()))
    ours, base = result.arm(OURS), result.arm(BASELINE)
    decoding = result.arm("bare decoding")
    return [
        f"## {result.name.capitalize()}",
        "",
        f"{result.files} files, {1000 * result.megabytes / result.files:.0f} kB on average;",
        f"{result.common} of them read by every arm. Others used {100 * result.others:.0f} % of the machine",
        f"meanwhile. Transfer syntaxes: {syntaxes}.",
        "",
        *table(
            ["arm", "images/min", "p50 ms", "p95 ms", "peak MB", "without imports", "failures"], rows(result)
        ),
        "",
        f"medloop is {ratio(ours, base):.1f} times as fast as {BASELINE}, and takes",
        f"{ratio(decoding, ours):.2f} times as long as bare decoding.",
        "",
    ]


def rows(result: Set) -> list[list[str]]:
    return [
        [
            arm.name,
            f"{arm.images_per_minute:.0f}",
            f"{arm.p50_ms:.2f}",
            f"{arm.p95_ms:.2f}",
            f"{arm.peak_mb:.0f}",
            f"{arm.own_mb:.0f}",
            failed(arm) or "–",
        ]
        for arm in result.arms
    ]


def failed(arm: Arm) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in sorted(arm.failures.items()))


def ratio(one: Arm, other: Arm) -> float:
    return one.images_per_minute / other.images_per_minute if other.images_per_minute else 0.0


if __name__ == "__main__":
    typer.run(main)

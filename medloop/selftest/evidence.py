"""The corpus' outcomes as a page: docs/evidence/bad-input.md."""

import os
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

from medloop.selftest.case import Case
from medloop.selftest.outcome import Outcome

_PACKAGES: Final = (
    "numpy",
    "pydicom",
    "pillow",
    "nibabel",
    "tifffile",
    "pylibjpeg-openjpeg",
    "pylibjpeg-rle",
)

_HEAD: Final = """# What becomes of bad input

Every case is generated, judged by the intake's own code in a process of its own, and held to what it says
here: verdict, reason, pixels, affines, and that no identifier is left. *Grown* is by how much the memory of
that process grew at most, *CPU* the time it took for all files of the case; the cap is 200 MB and 2 s
except where the case states another. `E` are the edge cases, `B` the bad inputs, `D` the de-identification
that a single file shows.
"""


def page(cases: Mapping[str, Case], outcomes: Iterable[Outcome]) -> str:
    """Markdown; outcomes in any order."""
    found = sorted(outcomes, key=lambda outcome: outcome.id)
    good = sum(outcome.as_expected for outcome in found)
    files = sum(outcome.files for outcome in found)
    seconds = sum(outcome.seconds for outcome in found)
    lines = [
        _HEAD,
        f"{good} of {len(found)} cases as expected, {files} files, {seconds:.1f} s of judging.",
        "",
        "| | case | expected | got | CPU ms | grown MB |",
        "|---|---|---|---|--:|--:|",
        *[_row(cases[outcome.id], outcome) for outcome in found],
        "",
        *_surprises(found),
        f"Measured on {machine()}.",
        f"{', '.join(versions())}.",
        "",
        "Written by `medloop selftest --evidence docs/evidence/bad-input.md`.",
        "",
    ]
    return "\n".join(lines)


def _row(case: Case, outcome: Outcome) -> str:
    got = outcome.got if outcome.as_expected else f"**{outcome.got}**"
    told = f"**{case.title}.** {case.why}".replace("|", "\\|")
    milliseconds, grown = f"{outcome.cpu_seconds * 1000:.0f}", str(outcome.megabytes)
    return f"| {case.id} | {told} | {outcome.expected} | {got} | {milliseconds} | {grown} |"


def _surprises(outcomes: Iterable[Outcome]) -> list[str]:
    found = [f"- {outcome.id}: {text}" for outcome in outcomes for text in outcome.surprises]
    return ["Surprises:", "", *found, ""] if found else []


def machine() -> str:
    """Processor, cores in reach, operating system."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_processor()}, {cores} cores, {platform.system()} {platform.machine()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(": ", 1)[1] for line in lines if line.startswith("model name")), "unknown processor"
    )


def versions() -> list[str]:
    return [
        f"Python {platform.python_version()}",
        *(f"{package} {version(package)}" for package in _PACKAGES),
    ]

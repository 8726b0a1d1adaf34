"""The machine that a number was measured on, and who else used it meanwhile."""

import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

PINNED = {
    name: "1"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
}
"""One thread in every arm: an unpinned baseline would fake a speed-up."""


def pin() -> None:
    """Before numpy or torch are imported."""
    os.environ.update(PINNED)


PACKAGES = (
    "numpy",
    "pydicom",
    "pylibjpeg",
    "pylibjpeg-openjpeg",
    "pylibjpeg-rle",
    "pillow",
    "dicom-anonymizer",
    "monai",
    "boto3",
    "ministack",
)


def cores() -> int:
    return os.cpu_count() or 1


def described() -> dict[str, str]:
    """Processor, cores, Python and packages."""
    return {
        "processor": _processor(),
        "cores": str(cores()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    for line in information.read_text().splitlines() if information.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


GROUPS: Mapping[str, tuple[str, ...]] = {
    "functions": ("ministack-lambda",),
    "ministack": ("local.gateway",),
    "watch": ("local.watch",),
    "PostgreSQL": ("postgres",),
}
"""Processes of a laptop cloud by a word of their command line; whoever measures is `uploader`."""


@dataclass(frozen=True)
class Reading:
    at: float
    machine: float
    """CPU seconds of all processes since the start of the machine."""
    groups: Mapping[str, float]


def read() -> Reading:
    groups: dict[str, float] = {}
    for process in psutil.process_iter():
        try:
            group = _group(process)
            times = process.cpu_times()
        except psutil.Error:
            continue
        if group:
            groups[group] = groups.get(group, 0.0) + times.user + times.system
    total = psutil.cpu_times()
    # Polite processes count elsewhere than `user`, and what the hypervisor takes is gone as well.
    idle = total.idle + getattr(total, "iowait", 0.0) + getattr(total, "guest", 0.0)
    return Reading(time.time(), sum(total) - idle, groups)


def _group(process: psutil.Process) -> str | None:
    if process.pid == os.getpid():
        return "uploader"
    words = f"{process.name()} {' '.join(process.cmdline())}"
    return next((group for group, marks in GROUPS.items() if any(mark in words for mark in marks)), None)


def spent(before: Reading, after: Reading) -> tuple[dict[str, float], float]:
    """CPU seconds of each group, and the share of the machine that others used meanwhile (0 to 1)."""
    own = {name: after.groups[name] - before.groups.get(name, 0.0) for name in after.groups}
    capacity = (after.at - before.at) * cores()
    others = (after.machine - before.machine) - sum(own.values())
    return own, max(0.0, others) / capacity if capacity else 0.0

"""`make bench-train`: time to accuracy beside MONAI's own recipes, and a step beside the device's limits.

Arms run one after another, each in a process of its own on the same cores. What is measured lies in
OUT/*.json and is not measured again: after an interruption the same command goes on. Needs torch, monai and
medloop's other packages, no network and no cloud.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from benchmarks.training.machine import processor
from benchmarks.training.report import page

ARMS = ("mednist-ours", "mednist-tutorial", "hippocampus-ours", "hippocampus-plain")
TARGETS = {"mednist": 0.9951, "hippocampus": 0.88}
"""What the MedNIST tutorial says it reaches; the Dice that the product promises."""
EVIDENCE = Path(__file__).resolve().parents[2] / "docs" / "evidence"


def main() -> None:
    given = arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    os.environ["OMP_NUM_THREADS"] = str(len(os.sched_getaffinity(0)))
    os.environ.setdefault("KINETO_LOG_LEVEL", "5")  # the profiler's own, which is of no use here
    for arm in ARMS:
        measure(given, arm, "arm", what_of(given, arm))
    measure(given, "ceiling", "ceiling", {})
    results = {name: json.loads((given.out / f"{name}.json").read_bytes()) for name in (*ARMS, "ceiling")}
    report = {"machine": machine(given), "targets": TARGETS, "results": results}
    (given.out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    text = page(report)
    given.page.write_text(text, encoding="utf-8")
    print(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    on_gpu = torch.cuda.is_available()
    parser.add_argument("--data", type=Path, required=True, help="holds mednist/<class>/ and hippocampus/")
    parser.add_argument(
        "--out", type=Path, default=Path(".medloop/bench-train"), help="results and what is made"
    )
    parser.add_argument(
        "--cores", type=int, default=os.cpu_count() if on_gpu else 1, help="for every arm alike"
    )
    parser.add_argument(
        "--per-class", type=int, default=None if on_gpu else 1000, help="MedNIST images of a class"
    )
    parser.add_argument("--minutes", type=float, default=20.0, help="the longest an arm may take")
    kind = "gpu" if on_gpu else "cpu"
    parser.add_argument("--page", type=Path, default=EVIDENCE / f"training-speed-{kind}.md", help="the page")
    return parser.parse_args()


def what_of(given: argparse.Namespace, arm: str) -> dict[str, Any]:
    return {
        "arm": arm,
        "data": str(given.data.resolve()),
        "folder": str(given.out.resolve() / "made"),
        "per_class": given.per_class,
        "minutes": given.minutes,
        "target": TARGETS[arm.partition("-")[0]],
        # A loader's workers need cores of their own.
        "workers": 0 if len(os.sched_getaffinity(0)) == 1 else min(10, len(os.sched_getaffinity(0))),
    }


def measure(given: argparse.Namespace, name: str, module: str, what: dict[str, Any]) -> None:
    result = given.out / f"{name}.json"
    if result.is_file():
        print(f"{name}: measured already, {result}", flush=True)
        return
    print(f"{name}:", flush=True)
    command = [sys.executable, "-m", f"benchmarks.training.{module}", str(result)]
    ended = subprocess.run(command, input=json.dumps(what), text=True)
    if ended.returncode:
        raise SystemExit(f"{name} failed; the same command goes on with it")


def machine(given: argparse.Namespace) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "monai": version("monai"),
        "per_class": given.per_class,
        "minutes": given.minutes,
    }


if __name__ == "__main__":
    main()

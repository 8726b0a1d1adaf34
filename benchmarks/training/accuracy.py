"""`make bench-accuracy`: what the recipes reach on real data, three seeds each, beside a trivial baseline.

Every run is `medloop train --here`, which goes on where it was interrupted and does nothing when it is done.
"""

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from benchmarks.training import sets
from benchmarks.training.machine import processor

SEEDS = (0, 1, 2)
EVIDENCE = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "accuracy.md"


FINE_PICTURES = (
    "network={kind: ResNet, planes: [32,64,128,256], layers: [1,1,1,1], stem_stride: 1, dropout: 0.3}"
)
FINE_STRUCTURES = "network={kind: UNet, filters: [16,32,64,128], stem_stride: 1}"
"""Small images need no halving before the first stage, which a minute on a CPU asks for elsewhere."""


@dataclass(frozen=True)
class Trial:
    name: str
    wanted: float
    options: tuple[str, ...]
    about: str


TRIALS = (
    Trial("mednist", 0.995, ("--recipe", "debug"), "all images there are, 80/10/10 by image"),
    Trial(
        "pneumonia",
        0.946,
        (
            *("--recipe", "debug", "--override", "epochs=40", "--override", "patience=40"),
            *("--override", "size=32", "--override", FINE_PICTURES),
        ),
        "PneumoniaMNIST on its own 624 test images; this copy's training part was altered (it has 388 normal "
        "images of 3882)",
    ),
    Trial(
        "hippocampus",
        0.88,
        (
            *("--recipe", "debug", "--override", "epochs=60", "--override", "ema=0.98"),
            *("--override", FINE_STRUCTURES, "--split", "70/10/20"),
        ),
        "100 cases, a fifth of them held out",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training.accuracy", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds mednist/, pneumonia/, hippocampus/")
    parser.add_argument("--out", type=Path, default=Path(".medloop/bench-accuracy"))
    parser.add_argument("--page", type=Path, default=EVIDENCE)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    found = {
        trial.name: [run(trial, seed, source(trial, given), given.out) for seed in SEEDS] for trial in TRIALS
    }
    text = page(found)
    given.page.write_text(text, encoding="utf-8")
    print(text)


def source(trial: Trial, given: argparse.Namespace) -> Path:
    if trial.name == "mednist":
        return sets.mednist(given.data, given.out, None)
    folder: Path = given.data / trial.name
    return folder


def run(trial: Trial, seed: int, data: Path, out: Path) -> dict[str, Any]:
    """The metrics of one training."""
    target = out / f"{trial.name}-{seed}"
    print(f"{trial.name}, seed {seed}:", flush=True)
    medloop = [sys.executable, "-c", "from medloop.cli.main import app; app()"]
    command = [*medloop, "train", "--here", "--data", str(data), "--out", str(target), "--seed", str(seed)]
    subprocess.run([*command, *trial.options], check=True)
    metrics: dict[str, Any] = json.loads((target / "metrics.json").read_bytes())
    return metrics


def page(found: dict[str, list[dict[str, Any]]]) -> str:
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else processor()
    threads = os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0))
    lines = [
        "# Evidence: accuracy",
        "",
        "    make bench-accuracy DATA=folder",
        "",
        f"{device}, {threads} thread(s), PyTorch {torch.__version__}, {datetime.now(UTC).date()}.",
        f"On the test images, which nothing was chosen by; seeds {', '.join(map(str, SEEDS))}; mean, and",
        "standard deviation over the seeds. Seconds are of training, reading included.",
        "",
        "| data | metric | mean | spread | each | wanted | trivial baseline | test items | seconds |",
        "|---|---|---|---|---|---|---|---|---|",
        *(row(trial, found[trial.name]) for trial in TRIALS),
        "",
        *(f"- {trial.name}: {trial.about}; `{shlex.join(trial.options)}`" for trial in TRIALS),
        "",
    ]
    return "\n".join(lines)


def row(trial: Trial, runs: list[dict[str, Any]]) -> str:
    values = [one["test"]["value"] for one in runs]
    baseline = runs[0]["baseline"]
    cells: Iterable[object] = (
        trial.name,
        runs[0]["metric"],
        f"**{statistics.mean(values):.4f}**",
        f"{statistics.stdev(values):.4f}",
        ", ".join(f"{value:.4f}" for value in values),
        f"{trial.wanted:g}",
        f"{baseline['value']:.4f}, {baseline['name']}",
        runs[0]["test_items"],
        ", ".join(f"{one['seconds']:.0f}" for one in runs),
    )
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    main()

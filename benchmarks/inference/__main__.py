"""`make bench-inference`: what serving costs, and how long an image waits for its answer."""

import argparse
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from benchmarks.inference.models import PICTURE, SUBJECTS, VOLUME
from benchmarks.inference.serving import Measured, bare, served
from benchmarks.training.machine import processor
from training.network import best_device

EVIDENCE = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "inference-speed.md"
AT_ONCE = (1, 4, 16)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inference", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement")
    parser.add_argument("--images", type=int, default=30, help="through the loop; 0 leaves the loop out")
    parser.add_argument("--out", type=Path, default=EVIDENCE, help="the page; a .json lies beside it")
    given = parser.parse_args()
    found: dict[str, list[Measured]] = {}
    for subject in SUBJECTS:
        found[subject.name] = [*bare(subject, given.seconds), *served(subject, given.seconds, AT_ONCE)]
        print("\n".join(rows(subject.name, found[subject.name])), flush=True)
    stages = through_the_loop(given.images) if given.images else {}
    text = page(found, stages, given.images)
    facts = {name: [asdict(one) for one in runs] for name, runs in found.items()}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.with_suffix(".json").write_text(json.dumps({"serving": facts, "loop": stages}, indent=2) + "\n")
    given.out.write_text(text, encoding="utf-8")
    print(text)


def through_the_loop(images: int) -> dict[str, dict[str, float]]:
    # Where there is only a GPU and torch, there is no laptop cloud to import.
    from benchmarks.inference.loop import stages

    return stages(images)


def page(found: dict[str, list[Measured]], stages: dict[str, dict[str, float]], images: int) -> str:
    device = best_device()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
    lines = [
        "# Evidence: inference",
        "",
        "    make bench-inference",
        "",
        f"{name}, {torch.get_num_threads()} thread(s) in every arm, PyTorch {torch.__version__}, "
        f"{datetime.now(UTC).date()}.",
        f"Pictures of {PICTURE} x {PICTURE}, volumes of {' x '.join(map(str, VOLUME))}; weights at random.",
        "The client that asks runs on the same cores.",
        "",
        "| model | | at once | images/s | p50 ms | p95 ms |",
        "|---|---|---:|---:|---:|---:|",
        *(line for subject, runs in found.items() for line in rows(subject, runs)),
        "",
        *shares(found),
        "",
    ]
    return "\n".join(lines + (loop_page(stages, images) if stages else []))


def rows(name: str, runs: list[Measured]) -> list[str]:
    return [
        f"| {name} | {one.arm} | {one.at_once} | {one.per_second:.1f} | {one.milliseconds['p50']:.1f} | "
        f"{one.milliseconds['p95']:.1f} |"
        for one in runs
    ]


def shares(found: dict[str, list[Measured]]) -> list[str]:
    """The best rate behind the door, as a part of the best of the network by itself."""
    lines = []
    for name, runs in found.items():
        alone = max(one.per_second for one in runs if one.arm != "served over HTTP")
        best = max(one.per_second for one in runs if one.arm == "served over HTTP")
        lines.append(f"- {name}: served at {100 * best / alone:.0f} % of the bare forward pass")
    return lines


def loop_page(stages: dict[str, dict[str, float]], images: int) -> list[str]:
    body: list[Any] = [
        f"| {name} | {value['p50']:.2f} | {value['p95']:.2f} |" for name, value in stages.items()
    ]
    return [
        "## From the drop to the answer",
        "",
        f"{images} images, one after another, on a warm endpoint of the laptop cloud; seconds.",
        "",
        "| stage | p50 | p95 |",
        "|---|---:|---:|",
        *body,
        "",
    ]


if __name__ == "__main__":
    main()

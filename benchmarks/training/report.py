"""The page of the training benchmark: every figure from one run."""

from typing import Any

from benchmarks.training.clock import best, seconds_to

BESIDE = {
    "mednist": ("mednist-ours", "mednist-tutorial", "MedNIST, accuracy", "MONAI's tutorial"),
    "hippocampus": ("hippocampus-ours", "hippocampus-plain", "hippocampus, mean Dice", "MONAI's plain UNet"),
}


def page(report: dict[str, Any]) -> str:
    parts = [_beginning(report["machine"])]
    for name, words in BESIDE.items():
        parts.append(_beside(report["results"], report["targets"][name], *words))
    parts.append(_steps(report["results"]["ceiling"]))
    return "\n".join(parts)


def _beginning(machine: dict[str, Any]) -> str:
    images = machine["per_class"] or "all"
    return f"""# Evidence: training speed

    make bench-train DATA=folder

{machine["device"]}, {machine["cores"]} core(s) for every arm, {machine["date"]}; PyTorch {machine["torch"]},
MONAI {machine["monai"]}, Python {machine["python"]}.

MedNIST: {images} images of each class, 80/10/10. Hippocampus: 70 cases to learn from, 10 to validate on,
20 to test on. An arm ended with its first look at the validation images after {machine["minutes"]:g} minutes
at the latest. Seconds count from where an arm begins to read its data to the look that showed the score,
looks included; our arm's data was prepared before, which is told apart. Of a subset, an epoch has as many
fewer steps than the tutorial's own: its accuracy after four epochs of all images is 0.9951.
"""


def _beside(results: dict[str, Any], target: float, ours: str, theirs: str, what: str, other: str) -> str:
    own, their = results[ours], results[theirs]
    reached = best(their["rows"])
    marks = [("as good as the other ever was", reached), ("the target", target)]
    lines = [
        f"## {what}",
        "",
        f"| | medloop | {other} | ratio |",
        "|---|---|---|---|",
        *(_line(label, mark, own["rows"], their["rows"]) for label, mark in marks),
        f"| best on the validation images | {best(own['rows']):.4f} | {reached:.4f} | |",
        f"| on the test images | {own['test']:.4f} | {their['test']:.4f} | |",
        f"| all seconds | {own['rows'][-1]['seconds']:.0f} + {own['preparing']:.0f} of preparing | "
        f"{their['rows'][-1]['seconds']:.0f} | |",
        "",
        f"The trivial baseline, {own['baseline_name']}: {own['baseline']:.4f} on the test images.",
        "",
    ]
    return "\n".join(lines)


def _line(label: str, mark: float, own: list[dict[str, float]], their: list[dict[str, float]]) -> str:
    ours, theirs = seconds_to(mark, own), seconds_to(mark, their)
    ratio = f"{theirs / ours:.1f}" if ours and theirs else ""
    return f"| seconds to {mark:.4f}, {label} | {_seconds(ours)} | {_seconds(theirs)} | {ratio} |"


def _seconds(value: float | None) -> str:
    return "not reached" if value is None else f"{value:.0f}"


def _steps(measured: dict[str, Any]) -> str:
    limits = measured["limits"]
    lines = [
        "## A step, beside what the device can do",
        "",
        f"Matrix products reach {limits['float32'] / 1e9:.0f} GFLOP/s in float32 and "
        f"{limits['bfloat16'] / 1e9:.0f} in bfloat16; copying moves {limits['bandwidth'] / 1e9:.1f} GB/s. "
        "Milliseconds, the quickest of five rounds; the share is what both passes reach together.",
        "",
        "| recipe | batch | in | load and augment | forward | backward | optimise | of a matrix product |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, step in measured["steps"].items():
        times = " | ".join(f"{1000 * seconds:.1f}" for seconds in step["seconds"].values())
        lines.append(
            f"| {name} | {step['batch']} | {step['precision']} | {times} | {step['share of peak']:.0%} |"
        )
    return "\n".join([*lines, "", *_profiles(measured["steps"])])


def _profiles(steps: dict[str, Any]) -> list[str]:
    """What parts a step from a bare matrix product."""
    kinds = list(next(iter(steps.values()))["profile"])
    rows = []
    for name, step in steps.items():
        spent = step["profile"]
        cells = [f"{spent[kind]:.0%}" for kind in kinds]
        rows.append(f"| {name} | {' | '.join(cells)} | {within(step):.0%} |")
    return [
        "Where the time of a step goes, by PyTorch's profiler. Products alone are convolutions and matrix",
        "products: what they reach of the ceiling in their own time; the rest is as fast as memory is.",
        "",
        f"| recipe | {' | '.join(kinds)} | of a matrix product, products alone |",
        "|---" * (len(kinds) + 2) + "|",
        *rows,
        "",
    ]


def within(step: dict[str, Any]) -> float:
    """The share of the peak that the products reach while they run."""
    seconds = step["seconds"]
    both, whole = seconds["forward"] + seconds["backward"], sum(seconds.values())
    reached: float = step["share of peak"] * both / max(whole * step["profile"]["products"], 1e-9)
    return reached

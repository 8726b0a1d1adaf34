"""What came of a job: metrics.json, and the model where its owner looks for it."""

import json
import shutil
from collections.abc import Iterable, Mapping
from typing import Any

from events.evaluation import Evaluation, Interval, Scores
from medloop.rules.gate import honest
from medloop.workbench.preparing import Prepared
from medloop.workbench.tree import Tree
from medloop.workbench.writing import write_whole


def read_evaluation(tree: Tree) -> Evaluation | None:
    """None where the job has not come to its end, or was killed while it wrote that."""
    try:
        read_history(tree)
        return Evaluation.model_validate_json((tree.results / "evaluation.json").read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def read_history(tree: Tree) -> list[dict[str, float]]:
    """One row for each epoch."""
    rows: list[dict[str, float]] = json.loads((tree.results / "history.json").read_bytes())
    return rows


def metrics_of(
    evaluation: Evaluation,
    history: Iterable[Mapping[str, float]],
    prepared: Prepared,
    told: Mapping[str, str],
    target: float | None,
) -> dict[str, Any]:
    """`metrics.json`. `seconds_to_target` is None without a target, or where no epoch reached it."""
    baseline = evaluation.baseline
    return {
        "task": evaluation.task,
        "metric": evaluation.metric,
        "train_items": evaluation.train_items,
        "test_items": evaluation.test_items,
        "test": _test(evaluation.challenger, evaluation.test_patients),
        "baseline": {"name": evaluation.baseline_name, **_measured(baseline, evaluation.test_patients)},
        "epochs": evaluation.epochs,
        "seconds": evaluation.seconds,
        "seconds_to_target": seconds_to(target, history),
        "target": target,
        "device": evaluation.device,
        "processes": evaluation.processes,
        "peak_memory": evaluation.peak_memory,
        "recipe": told["recipe"],
        "overrides": json.loads(told["overrides"]),
        "seed": int(told["seed"]),
        "split": prepared.items,
        "left_out": prepared.left_out,
    }


def seconds_to(target: float | None, history: Iterable[Mapping[str, float]]) -> float | None:
    """Of training, until the first epoch whose validation was as good."""
    if target is None:
        return None
    return next((row["seconds"] for row in history if row["validation_score"] >= target), None)


def deliver(tree: Tree, metrics: Mapping[str, Any]) -> None:
    """Copied, not linked: the folder may be taken away alone."""
    shutil.rmtree(tree.model, ignore_errors=True)
    shutil.copytree(tree.trained, tree.model)
    write_whole(tree.metrics, json.dumps(metrics, indent=2) + "\n")


def _test(scores: Scores, patients: int) -> dict[str, Any]:
    return {
        **_measured(scores, patients),
        "per_class": scores.per_class,
        "further": scores.further,
        "calibration_error": scores.calibration_error,
    }


def _measured(scores: Scores, patients: int) -> dict[str, float]:
    likely = interval_of(scores, patients)
    return {"value": scores.value, "low": likely.low, "high": likely.high}


def interval_of(scores: Scores, patients: int) -> Interval:
    """As the gate and the model card tell it: a perfect score on few patients is no certainty."""
    return honest(scores.interval, patients, least=0.0)

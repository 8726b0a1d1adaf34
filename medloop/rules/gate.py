"""Is the challenger good enough to replace the champion? Decided on the same locked images."""

from dataclasses import dataclass

from events.evaluation import Evaluation
from medloop.rules.project import Gate


@dataclass(frozen=True)
class Verdict:
    promote: bool
    reason: str
    """One sentence with the numbers: it goes into the registry, the catalogue and the report."""


def judge(evaluation: Evaluation, gate: Gate, champion_version: int | None) -> Verdict:
    """Apply the project's gate. `champion_version` is the champion of now, not of the job's start."""
    accuracy = evaluation.challenger.accuracy
    if evaluation.test_images < gate.minimum_test_images:
        return Verdict(False, f"{evaluation.test_images} test images, {gate.minimum_test_images} needed")
    if accuracy < gate.minimum_accuracy:
        return Verdict(False, f"accuracy {accuracy:.4f} is below the minimum {gate.minimum_accuracy:.4f}")
    if champion_version is None:
        return Verdict(True, f"accuracy {accuracy:.4f} on {evaluation.test_images} images; no champion yet")
    if evaluation.champion_version != champion_version:
        return Verdict(False, f"was not compared with the present champion, version {champion_version}")
    return _non_inferior(evaluation, gate.margin)


def _non_inferior(evaluation: Evaluation, margin: float) -> Verdict:
    """Non-inferiority: the lower bound of the paired 95 % interval must lie above minus the margin."""
    if evaluation.champion is None or evaluation.difference is None:
        return Verdict(False, "the job did not score the champion")
    low, high = evaluation.difference.low, evaluation.difference.high
    numbers = (
        f"accuracy {evaluation.challenger.accuracy:.4f} against {evaluation.champion.accuracy:.4f} of "
        f"version {evaluation.champion_version}, difference {low:+.4f} to {high:+.4f}, margin {margin:.4f}"
    )
    if low > -margin:
        return Verdict(True, f"not inferior: {numbers}")
    return Verdict(False, f"may be inferior: {numbers}")

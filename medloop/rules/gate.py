"""Is the challenger good enough to replace the champion? Decided on the same locked images."""

from dataclasses import dataclass

from events.evaluation import Evaluation, Interval, Scores, Subgroup
from medloop.rules.project import Gate

FEWEST_PATIENTS = 10
"""Fewer say nothing about a margin narrower than what they may hide: even ten, none of whom lost, leave open
what becomes of a quarter of all patients."""


@dataclass(frozen=True)
class Verdict:
    promote: bool
    reason: str
    """One sentence with the numbers: it goes into the registry, the catalogue and the report."""


def judge(evaluation: Evaluation, gate: Gate, champion_version: int | None) -> Verdict:
    """Apply the project's gate. `champion_version` is the champion of now, not of the job's start."""
    if refusal := _too_weak(evaluation, gate):
        return Verdict(False, refusal)
    if champion_version is None:
        return Verdict(True, f"{_measured(evaluation)}; no champion yet")
    if evaluation.champion_version != champion_version:
        return Verdict(False, f"was not compared with the present champion, version {champion_version}")
    return _non_inferior(evaluation, gate)


def unseen(patients: int) -> float:
    """The largest share of all patients, at 95 % confidence, who show what none of this many showed.

    0.05 ** (1 / patients) is the share at which meeting none of them becomes as rare as 5 %: the exact bound
    of Clopper and Pearson (Biometrika 26, 1934) for no event, nearly 3 / patients, the rule of three (Hanley
    and Lippman-Hand, JAMA 249, 1983).

        >>> round(unseen(25), 3), round(unseen(149), 3)
        (0.113, 0.02)
    """
    return 1.0 - 0.05 ** (1.0 / patients) if patients else 1.0


def honest(interval: Interval, patients: int, least: float = -1.0) -> Interval:
    """A bootstrap interval, no narrower than so many patients allow; `least` is the smallest value there is.

    The bootstrap draws again what it saw. Where all patients came out alike every draw is the same: a perfect
    score has the interval from 1 to 1, two perfect models differ by 0 to 0, be it on five patients or five
    thousand; and of very few it draws too few different sets. Then either end moves as far from the middle as
    what may have gone unseen: for the accuracy of a perfect model, and for two models of which no answer
    differed, that is the exact 95 % interval. Of 25 patients drawn where a model is right 97 times in 100,
    the bootstrap's interval holds those 0.97 in 55 % of the draws, this one in 99 %; of 8, in 21 % and 100 %.
    """
    if interval.low < interval.high and patients >= FEWEST_PATIENTS:
        return interval
    middle, reach = (interval.low + interval.high) / 2, unseen(patients)
    low, high = min(interval.low, middle - reach), max(interval.high, middle + reach)
    return Interval(low=max(low, least), high=min(high, 1.0))


def told_honestly(evaluation: Evaluation) -> Evaluation:
    """With every score's interval as the gate reads it, for people to see the same."""

    def scores(of: Scores) -> Scores:
        return of.model_copy(update={"interval": honest(of.interval, evaluation.test_patients, least=0.0)})

    return evaluation.model_copy(
        update={
            "challenger": scores(evaluation.challenger),
            "baseline": scores(evaluation.baseline),
            "champion": None if evaluation.champion is None else scores(evaluation.champion),
            "subgroups": tuple(
                group.model_copy(update={"interval": honest(group.interval, group.patients, least=0.0)})
                for group in evaluation.subgroups
            ),
        }
    )


def _too_weak(evaluation: Evaluation, gate: Gate) -> str | None:
    """What speaks against the challenger whatever the champion does."""
    value, metric = evaluation.challenger.value, evaluation.metric
    if evaluation.test_items < gate.minimum_test_items:
        return f"{evaluation.test_items} test items, {gate.minimum_test_items} needed"
    if value < gate.minimum_score:
        return f"{metric} {value:.4f} is below the minimum {gate.minimum_score:.4f}"
    if gate.beat_baseline and value < evaluation.baseline.value - gate.margin:
        trivial = f"{evaluation.baseline.value:.4f} of the baseline ({_one_line(evaluation.baseline_name)})"
        return f"{metric} {value:.4f} is inferior to {trivial}, margin {gate.margin:.4f}"
    return _miscalibrated(evaluation.challenger.calibration_error, gate.maximum_calibration_error)


def _miscalibrated(error: float | None, most: float | None) -> str | None:
    if most is None:
        return None
    if error is None:
        return f"the calibration error was not measured, at most {most:.4f} is allowed"
    return f"calibration error {error:.4f} is above the maximum {most:.4f}" if error > most else None


def _measured(evaluation: Evaluation) -> str:
    likely = honest(evaluation.challenger.interval, evaluation.test_patients, least=0.0)
    return (
        f"{evaluation.metric} {evaluation.challenger.value:.4f}, 95 % interval {likely.low:.4f} to "
        f"{likely.high:.4f}, on {evaluation.test_items} test items of {evaluation.test_patients} patients, "
        f"baseline {evaluation.baseline.value:.4f}"
    )


def _non_inferior(evaluation: Evaluation, gate: Gate) -> Verdict:
    """Non-inferiority: the lower end of the paired 95 % interval must lie above minus the margin, overall and
    in every subgroup that is large enough. All must pass, so testing many needs no correction (Berger,
    Technometrics 24, 1982).

    This judges what was seen. A margin of 0.02 can be shown only on 149 patients or more, as fewer may hide a
    loss in more than 2 % of all patients however the two models compare: that bound is the test set's doing,
    no challenger could pass it, and to demand it would close the gate to small hospitals for good. So from
    FEWEST_PATIENTS on the challenger is judged on what was seen, and the sentence says what was not; below,
    only a margin as wide as what may be hidden lets it pass.
    """
    if evaluation.champion is None or evaluation.difference is None:
        return Verdict(False, "the job did not score the champion")
    numbers, hidden = _compared(evaluation, gate.margin), unseen(evaluation.test_patients)
    if evaluation.difference.low <= -gate.margin:
        return Verdict(False, f"may be inferior: {numbers}")
    if evaluation.test_patients < FEWEST_PATIENTS and hidden > gate.margin:
        said = f"{evaluation.test_patients} patients are too few, {FEWEST_PATIENTS} needed"
        return Verdict(False, f"may be inferior, {said} for this margin: {numbers}")
    if refusal := _inferior_somewhere(evaluation, gate):
        return Verdict(False, refusal)
    count = sum(_large_enough(group, gate) for group in evaluation.subgroups)
    places = f" overall and in {count} subgroup{'s' * (count > 1)}" if count else ""
    limits = f", though a loss in {hidden:.1%} of patients could go unseen" if hidden > gate.margin else ""
    return Verdict(True, f"not inferior{places}: {numbers}{limits}")


def _compared(evaluation: Evaluation, margin: float) -> str:
    assert evaluation.champion is not None and evaluation.difference is not None
    likely = honest(evaluation.difference, evaluation.test_patients)
    return (
        f"{evaluation.metric} {evaluation.challenger.value:.4f} against {evaluation.champion.value:.4f} of "
        f"version {evaluation.champion_version} on {evaluation.test_patients} patients, difference "
        f"{likely.low:+.4f} to {likely.high:+.4f}, margin {margin:.4f}"
    )


def _large_enough(group: Subgroup, gate: Gate) -> bool:
    return group.items >= gate.minimum_subgroup_items and group.patients >= gate.minimum_subgroup_patients


def _inferior_somewhere(evaluation: Evaluation, gate: Gate) -> str | None:
    """Names the subgroup that is worst off, whatever their order."""
    large = [group for group in evaluation.subgroups if _large_enough(group, gate)]
    failed = [group for group in large if _lowest(group) <= -gate.subgroup_margin]
    if not failed:
        return None
    worst = min((_lowest(group), _inferior_in(group, evaluation, gate.subgroup_margin)) for group in failed)[
        1
    ]
    others = f"; {len(failed)} of {len(large)} subgroups fail" if len(failed) > 1 else ""
    return f"may be inferior in {worst}{others}"


def _lowest(group: Subgroup) -> float:
    """How much worse than the champion the challenger may be; the worst where nobody compared them."""
    return -1.0 if group.champion is None or group.difference is None else group.difference.low


def _inferior_in(group: Subgroup, evaluation: Evaluation, margin: float) -> str:
    name = f"{_one_line(group.attribute)} {_one_line(group.value)}"
    if group.champion is None or group.difference is None:
        return f"{name}: the job did not score the champion there, on {group.patients} patients"
    likely = honest(group.difference, group.patients)
    return (
        f"{name}: {evaluation.metric} {group.challenger:.4f} against {group.champion:.4f} of version "
        f"{evaluation.champion_version} on {group.patients} patients, difference {likely.low:+.4f} to "
        f"{likely.high:+.4f}, margin {margin:.4f}"
    )


def _one_line(text: str) -> str:
    """Values come out of file headers, and may hold anything."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:60]

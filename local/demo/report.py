"""What the demo found, as numbers: `report.json` and the table at the end."""

from pydantic import BaseModel, ConfigDict
from rich.table import Table


class Report(BaseModel):
    model_config = ConfigDict(frozen=True)

    uploaded: int
    """Object versions in the uploads bucket."""
    accepted: int
    quarantined: int
    ignored: int
    in_flight: int
    dead_lettered: int
    training_jobs: int
    metric: str
    """Of the test images: accuracy or mean Dice."""
    test_items: int
    test_score: float
    baseline: str
    baseline_score: float
    gate: str
    predictions_requested: int
    predictions: int
    predictions_score: float
    """The same metric, on images that the model never saw."""
    quarantined_by_reason: dict[str, int]
    seconds_total: float
    seconds_by_stage: dict[str, float]

    @property
    def nothing_lost(self) -> bool:
        """The platform's invariant: every object version is accounted for exactly once."""
        accounted = self.accepted + self.quarantined + self.ignored + self.in_flight + self.dead_lettered
        return self.uploaded == accounted

    @property
    def succeeded(self) -> bool:
        return self.nothing_lost and 0 < self.predictions == self.predictions_requested


def table(report: Report) -> Table:
    """The report for people."""
    shown = Table(box=None, show_header=False)
    reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(report.quarantined_by_reason.items()))
    rows = [
        ("uploaded", f"{report.uploaded} object versions"),
        ("accepted", str(report.accepted)),
        ("quarantined", f"{report.quarantined}" + (f" ({reasons})" if reasons else "")),
        ("set aside", f"{report.ignored} that hold no image"),
        ("dead-lettered", str(report.dead_lettered)),
        ("nothing lost", "yes" if report.nothing_lost else "NO"),
        (report.metric, f"{report.test_score:.4f} on {report.test_items} locked test images"),
        ("baseline", f"{report.baseline_score:.4f} {report.baseline}"),
        ("gate", report.gate),
        ("predictions", f"{report.predictions} of {report.predictions_requested} came back"),
        (f"  {report.metric}", f"{report.predictions_score:.4f} on images the model never saw"),
        ("seconds", f"{report.seconds_total:.0f}"),
        *((f"  {stage}", f"{seconds:.1f}") for stage, seconds in report.seconds_by_stage.items()),
    ]
    for name, value in rows:
        shown.add_row(f"[bold]{name}[/]", value)
    return shown

"""How a training job moves from one status to the next."""

from local.sagemaker import names
from local.sagemaker.state import Record

ENDED = ("Completed", "Failed", "Stopped")

MESSAGES = {
    "Pending": "Waiting for another training job to end",
    "Starting": "Starting the training job",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Interrupted": "Training job interrupted; it continues from its last checkpoint",
    "Stopping": "Stopping the training job",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Resource released due to the training job exceeding its maximum run time",
}

PRIMARY = {"MaxRuntimeExceeded": "Stopped", "Stopping": "Stopping", **{status: status for status in ENDED}}
"""TrainingJobStatus by SecondaryStatus; all others mean InProgress."""


def move(job: Record, secondary: str, reason: str = "") -> None:
    """Enter a secondary status, and the primary one that goes with it; repeated, it changes nothing."""
    now = names.now()
    transitions = job["SecondaryStatusTransitions"]
    if transitions and transitions[-1]["Status"] == secondary:
        return
    if transitions:
        transitions[-1]["EndTime"] = now
    primary = PRIMARY.get(secondary, "InProgress")
    if secondary == "Uploading" and job["TrainingJobStatus"] == "Stopping":
        primary = "Stopping"
    job["TrainingJobStatus"], job["SecondaryStatus"], job["LastModifiedTime"] = primary, secondary, now
    transitions.append(
        {
            "Status": secondary,
            "StatusMessage": reason or MESSAGES.get(secondary, secondary),
            "StartTime": now,
            "TrainingJobStatus": primary,
        }
    )
    if reason and secondary == "Failed":
        job["FailureReason"] = reason[:1024]
    if primary in ENDED:
        _close(job, now)


def _close(job: Record, now: float) -> None:
    job["SecondaryStatusTransitions"][-1]["EndTime"] = now
    began = job.get("TrainingStartTime")
    if began is not None:
        job["TrainingEndTime"] = now
        job["TrainingTimeInSeconds"] = job["BillableTimeInSeconds"] = max(1, round(now - began))

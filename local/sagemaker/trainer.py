"""Runs training jobs, a few at a time; jobs that an end of the server interrupted start again."""

import logging
import threading
import time

from local.sagemaker import events, settings
from local.sagemaker.container import Tree
from local.sagemaker.state import Record, State
from local.sagemaker.training_run import Interrupted, TrainingRun
from local.sagemaker.transitions import ENDED, move

logger = logging.getLogger("sagemaker")

STOP_PATIENCE = 15.0
"""Seconds that an end of the server waits for last checkpoints, or for a download to come to its end."""


class Trainer:
    def __init__(self, state: State) -> None:
        self.state = state
        self.runs: dict[str, tuple[TrainingRun, threading.Thread]] = {}
        self.open = False

    @property
    def has_room(self) -> bool:
        return len(self._unfinished()) < settings.training_slots()

    def start(self) -> None:
        """Take up what an earlier server left: events not sent, jobs not ended."""
        with self.state.lock:
            for name in [job["TrainingJobName"] for job in self._unfinished()]:
                with self.state.job(name) as job:
                    if job["SecondaryStatus"] in ("Downloading", "Training") and "Outcome" not in job:
                        move(job, "Interrupted")
        for job in self.state.jobs.all():
            events.announce_job(self.state, job["TrainingJobName"])
            if job["TrainingJobStatus"] in ENDED:
                self._tree(job["TrainingJobName"]).remove()
        self.open = True
        self.wake()

    def stop(self) -> None:
        """Interrupt every run, each with its last checkpoint in S3."""
        with self.state.lock:
            self.open = False
            runs = list(self.runs.values())
        for run, _ in runs:
            run.interrupted.set()
        deadline = time.monotonic() + STOP_PATIENCE
        for _, thread in runs:
            thread.join(max(0.0, deadline - time.monotonic()))

    def wake(self) -> None:
        """Start what waits, as far as there is room; tell the running ones to look again."""
        with self.state.lock:
            for job in self._unfinished() if self.open else []:
                name = job["TrainingJobName"]
                # What was stopped while it waited takes no room.
                has_room = len(self.runs) < settings.training_slots() or "StopReason" in job
                if name not in self.runs and has_room:
                    self._launch(name)
            for run, _ in self.runs.values():
                run.changed.set()

    def _launch(self, name: str) -> None:
        run = TrainingRun(self.state, name, self._tree(name))
        thread = threading.Thread(target=self._run, args=(run,), daemon=True, name=f"training-{name}")
        self.runs[name] = (run, thread)
        thread.start()

    def _run(self, run: TrainingRun) -> None:
        try:
            run.run()
        except Interrupted:
            return
        except Exception as error:
            logger.exception("training job %s", run.name)
            with self.state.job(run.name) as job:
                move(job, "Failed", f"InternalServerError: {error}")
            events.announce_job(self.state, run.name)
        with self.state.lock:
            del self.runs[run.name]
        self.wake()

    def _tree(self, name: str) -> Tree:
        return Tree(self.state.home / "jobs" / name)

    def _unfinished(self) -> list[Record]:
        with self.state.lock:
            waiting = [job for job in self.state.jobs.all() if job["TrainingJobStatus"] not in ENDED]
        return sorted(waiting, key=lambda job: float(job["CreationTime"]))

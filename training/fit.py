"""The loop: from a network at random to the best weights it had, for one process or many.

Killed at any moment and started again, it ends with the weights it would have had (bit-equal on a CPU):
what is random comes from (seed, epoch, step), and everything else is in the checkpoint.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch

from medloop.rules.recipe import Recipe
from training.average import Average
from training.checkpoint import load_checkpoint, save_checkpoint
from training.container import Folders, Job, StopRequest
from training.curves import Curves
from training.data.pool import Pool
from training.data.preprocessing import Canvas, Grid
from training.distributed import Team
from training.failures import Stopped, TrainingFailed, is_out_of_memory
from training.network import half_precision, weights_of
from training.schedule import learning_rate, seed_of
from training.tasks import Task, Validation
from training.tasks.task import device_of

CHECK_EVERY = 20
"""Steps between two looks at the loss: each look makes the CPU wait for the GPU."""


@dataclass
class Progress:
    """How far the training has come: what a checkpoint holds beside network, optimiser and scaler."""

    epoch: int = 0
    """Epochs completed."""
    step: int = 0
    """Steps completed of the epoch after those."""
    loss_sum: float = 0.0
    """Over these steps, of this process."""
    seconds: float = 0.0
    """Of all attempts so far."""
    checkpoints: int = 0
    best_score: float = -math.inf
    best_loss: float = math.inf
    best_epoch: int = 0
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    accumulate: int = 1
    """Parts of a batch; grows where memory does not hold as much as planned."""
    finished: str = ""
    """Why training ended; empty while it has not."""


@dataclass(eq=False)
class Training:
    """Everything that one training works with."""

    job: Job
    task: Task
    how: Canvas | Grid
    network: torch.nn.Module
    training: Pool
    validation: Pool
    folders: Folders
    stop: StopRequest
    team: Team
    started: float
    """By time.monotonic(): when this attempt began, loading included."""

    @property
    def recipe(self) -> Recipe:
        return self.task.recipe


def fit(given: Training) -> Progress:
    """Train until the epochs, the time or the patience is used up; the best weights are in the answer.

    Raises:
        Stopped: a stop was requested; the checkpoint is written.
        TrainingFailed: the loss is no longer a number, memory does not suffice for one image, or the
            checkpoint is not ours.
    """
    run = Run(given)
    run.resume()
    if not given.recipe.epochs:
        run.judge()
    while not run.progress.finished:
        run.epoch()
    given.team.say(f"finished: {run.progress.finished}; best epoch {run.progress.best_epoch}")
    return run.progress


class Run:
    """One attempt at a training."""

    def __init__(self, given: Training) -> None:
        self.given, self.recipe, self.team = given, given.recipe, given.team
        self.network, self.device = given.network, device_of(given.network)
        self.optimiser = torch.optim.AdamW(decayed(self.network, self.recipe.weight_decay), fused=True)
        # bf16 needs no loss scaling; fp16 does.
        self.half = self._half()
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.half is torch.float16)
        self.average = Average(self.network, self.recipe.ema) if self.recipe.ema else None
        self.progress = Progress(accumulate=self.recipe.accumulate)
        self.batch = given.how.batch if isinstance(given.how, Grid) else self.recipe.batch
        count = len(given.training)
        self.rounds = math.ceil(self.recipe.least_batches * self.batch / count)
        if self.batch < self.team.size:
            raise TrainingFailed(f"{self.team.size} processes cannot share a batch of {self.batch}")
        # Parts of equal size, none below the batch: a last one of one image would be a step in a random
        # direction, and a process would have nothing to do.
        steps = self.rounds * count // self.batch
        self.steps = min(steps, self.recipe.most_batches or steps)
        self.shown = self.rounds * count if self.steps == steps else self.steps * self.batch
        self.weights = given.task.weigh(given.training).to(self.device)
        self.wrapped = self.team.wrap(self.network, self.device)
        self.runner = self._compiled() if self.recipe.compile else self.wrapped
        self.loss_sum = torch.zeros((), dtype=torch.float64, device=self.device)
        # Whether memory has held a whole step: before, processes do not wait for each other within one.
        self.proven = self.team.size == 1
        self.before, self.saved = 0.0, time.monotonic()
        self.curves = Curves(given.folders.tensorboard) if self.team.leads else None

    def _half(self) -> torch.dtype | None:
        if self.recipe.precision == "full":
            return None
        return half_precision(self.device, self.recipe.network, self.given.how)

    def _compiled(self) -> Any:
        return torch.compile(self.wrapped) if self.device.type == "cuda" else self.wrapped

    @property
    def identity(self) -> dict[str, Any]:
        """A checkpoint of anything else is not continued from."""
        job = self.given.job
        return {
            "project": job.project,
            "dataset": job.dataset,
            "classes": list(job.classes),
            "seed": job.seed,
            "recipe": self.recipe.model_dump(mode="json"),
            "start": job.start,
        }

    def resume(self) -> None:
        state = self.team.tell(lambda: load_checkpoint(self.given.folders.checkpoints, self.identity))
        if state is None:
            return
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        if self.average:
            self.average.load_state_dict(state["average"])
        self.progress = Progress(**state["progress"])
        # Of several processes the leader keeps the sum; the others start theirs anew.
        self.loss_sum += self.progress.loss_sum if self.team.leads else 0.0
        self.before = self.progress.seconds
        # A job that is given more time than it had goes on.
        if self.progress.finished:
            self.progress.finished = self.team.tell(self._ending)
        self.team.say(f"resumed after epoch {self.progress.epoch}, batch {self.progress.step}")

    def clock(self) -> float:
        """Seconds of training, all attempts together."""
        return self.before + time.monotonic() - self.given.started

    def save(self) -> None:
        """Every process gets here; the leader writes."""
        total = sum(self.team.gather(self._checked_loss()))
        self.progress.seconds, self.saved = self.clock(), time.monotonic()
        self.progress.checkpoints += 1
        if not self.team.leads:
            return
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "average": self.average.state_dict() if self.average else None,
            "progress": vars(self.progress) | {"loss_sum": total},
        }
        save_checkpoint(self.given.folders.checkpoints, self.progress.checkpoints, self.identity, state)

    def judge(self) -> None:
        """Validate the network as it came; nothing is learnt."""
        self._validate()
        self.progress.best_epoch = 0
        self.progress.finished = "the weights were taken as they are"
        self.progress.seconds = self.clock()

    def epoch(self) -> None:
        progress, epoch = self.progress, self.progress.epoch
        self.network.train()
        order = self.given.task.order(self.given.training, self.given.job.seed, epoch, self.rounds)
        batches = order[: self.shown].tensor_split(self.steps)
        while progress.step < self.steps:
            self._stop_if_asked()
            self.step(batches[progress.step], epoch, progress.step)
            progress.step += 1
            if progress.step % CHECK_EVERY == 0:
                self._checked_loss()
            if self.team.agree(self._time_is_up()):
                break
            if self.team.agree(time.monotonic() - self.saved > self.recipe.checkpoint_seconds):
                self.save()
        self.close(epoch)

    def step(self, chosen: torch.Tensor, epoch: int, step: int) -> None:
        """One step of the optimiser, on this process's share of the batch."""
        done = epoch * self.steps + step
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.recipe, done, self.recipe.epochs * self.steps)
        # Dropout and the like draw from here, so that nothing random needs saving.
        torch.manual_seed(seed_of(self.given.job.seed, epoch, step, self.team.rank))
        while not self._gradients(chosen, seed_of(self.given.job.seed, epoch, step)):
            self._take_smaller_parts(len(chosen))
        self.scaler.unscale_(self.optimiser)
        if self.recipe.clip:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.clip)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        if self.average:
            self.average.update()

    def _gradients(self, chosen: torch.Tensor, seed: int) -> bool:
        """Of the batch's mean loss; False where memory did not suffice, in this process or in another."""
        self.optimiser.zero_grad()
        losses = torch.zeros_like(self.loss_sum)
        try:
            for loss in self._backward(chosen, seed):
                losses += loss
            fits = True
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            fits = False
        if not self._held(fits):
            return False
        self.loss_sum += losses
        return True

    def _backward(self, chosen: torch.Tensor, seed: int) -> Iterator[torch.Tensor]:
        """The losses of this process's parts of the batch, one after another; gradients add up meanwhile."""
        task, how = self.given.task, self.given.how
        draws = task.draw(len(chosen), how, torch.Generator().manual_seed(seed))
        parts = self._parts(len(chosen))
        # Processes that communicate average their gradients, and the loss is a sum over them.
        scale = self.team.size if self.proven else 1
        for number, rows in enumerate(parts, start=1):
            inputs, targets = task.batch(self.given.training, chosen[rows], draws.of(rows), how, self.device)
            with self._communicating(self.proven and number == len(parts)):
                with torch.autocast(self.device.type, dtype=self.half, enabled=self.half is not None):
                    outputs = self.runner(inputs)
                each = task.losses(outputs.float(), targets, self.weights)
                loss = each.sum() / len(chosen)
                torch.autograd.backward(self.scaler.scale(loss * scale))
            yield loss.detach()

    def _held(self, fits: bool) -> bool:
        """Whether memory held the step in every process. Once it has, they communicate while they compute,
        and one that fails then cannot tell the others, which wait for it."""
        if self.team.size == 1:
            return fits
        if self.proven:
            if not fits:
                raise TrainingFailed(
                    f"GPU memory does not hold a batch of {self.batch}; override accumulate or batch"
                )
            return True
        if self.team.agree(not fits):
            return False
        self.team.add_up([one.grad for one in self.network.parameters() if one.grad is not None])
        self.proven = True
        return True

    def _parts(self, count: int) -> list[torch.Tensor]:
        """Rows of the batch that this process computes, in parts that memory holds."""
        own = torch.arange(count)[self.team.rank :: self.team.size]
        wanted = min(self.progress.accumulate, max(1, len(own)))
        return [own[part::wanted] for part in range(wanted)]

    @contextmanager
    def _communicating(self, wanted: bool) -> Iterator[None]:
        """Gradients are averaged over the processes once per step, after its last part."""
        waits = self.team.size > 1 and not wanted
        with self.wrapped.no_sync() if waits else nullcontext():  # type: ignore[operator]
            yield

    def _take_smaller_parts(self, count: int) -> None:
        if self.progress.accumulate >= count:
            raise TrainingFailed("memory does not hold a single image of this size; override size or network")
        self.progress.accumulate *= 2
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        parts = f"{self.progress.accumulate} parts" + " by each process" * (self.team.size > 1)
        self.team.say(f"out of memory: from now on a batch is computed in {parts}")

    def _stop_if_asked(self) -> None:
        if self.team.agree(self.given.stop.requested):
            self.save()
            where = f"epoch {self.progress.epoch + 1}, batch {self.progress.step}"
            raise Stopped(f"stopped in {where}; checkpoint written")

    def _time_is_up(self) -> bool:
        return self.clock() > self.given.job.max_minutes * 60

    def _checked_loss(self) -> float:
        """The sum of this epoch's losses so far. Raises TrainingFailed when it is no number."""
        total = float(self.loss_sum)
        if not math.isfinite(total):
            raise TrainingFailed(f"the training loss became {total} in epoch {self.progress.epoch + 1}")
        return total

    def close(self, epoch: int) -> None:
        """Validate, note, decide whether to go on, and save."""
        progress = self.progress
        train_loss = sum(self.team.gather(self._checked_loss())) / progress.step
        validation = self._validate()
        if not math.isfinite(validation.loss):
            raise TrainingFailed(f"the validation loss became {validation.loss} in epoch {epoch + 1}")
        row = {
            "epoch": epoch + 1,
            "train_loss": train_loss,
            "validation_loss": validation.loss,
            "validation_score": validation.score,
            "learning_rate": self.optimiser.param_groups[0]["lr"],
            "seconds": self.clock(),
        }
        progress.history.append(row)
        self.team.say(metrics_line(row))
        if self.curves:
            self.curves.add(row)
        progress.epoch, progress.step = epoch + 1, 0
        self.loss_sum.zero_()
        progress.finished = self.team.tell(self._ending)
        self.save()

    def _validate(self) -> Validation:
        """Of the averaged weights where there is an average; the best ones are remembered."""
        given, progress = self.given, self.progress
        if self.average:
            self.average.swap()
        found = given.task.validate(self.network, given.validation, self.weights, given.how, self.team)
        if (found.score, -found.loss) > (progress.best_score, -progress.best_loss):
            progress.best_score, progress.best_loss = found.score, found.loss
            progress.best_epoch, progress.best_weights = progress.epoch + 1, copy_of(self.network)
        if self.average:
            self.average.swap()
        return found

    def _ending(self) -> str:
        progress = self.progress
        if progress.epoch == self.recipe.epochs:
            return "all epochs done"
        if self._time_is_up():
            return f"the {self.given.job.max_minutes:g} minutes were used up"
        if progress.epoch - progress.best_epoch >= self.recipe.patience:
            return f"no better validation in {self.recipe.patience} epochs"
        return ""


def decayed(network: torch.nn.Module, decay: float) -> list[dict[str, Any]]:
    """Weight decay pulls on weights, not on the biases and scales of normalisations, which are vectors."""
    parameters = list(network.parameters())
    return [
        {"params": [one for one in parameters if one.dim() > 1], "weight_decay": decay},
        {"params": [one for one in parameters if one.dim() <= 1], "weight_decay": 0.0},
    ]


def copy_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in weights_of(network).items()}


def metrics_line(row: dict[str, float]) -> str:
    """One line that SageMaker's MetricDefinitions read, such as `epoch=3 train_loss=0.21…`."""
    return " ".join(f"{name}={value:.6g}" for name, value in row.items())

"""`python -m training.train`: one training job, from the recipe to the artefacts, straight down.

Killed at any moment and started again, it ends with the weights it would have had (bit-equal on a CPU):
what is random comes from (seed, epoch, batch), and everything else is in the checkpoint.
"""

import hashlib
import json
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F

from events.dataset import Sample
from events.evaluation import Evaluation
from training.artefact import Description, load_archive, save_model
from training.augment import augment
from training.baseline import baseline_predictions
from training.card import model_card
from training.checkpoint import load_checkpoint, save_checkpoint
from training.container import Folders, Job, StopRequest, read_job, report_failure
from training.data import Images, Preprocessing, any_colour, load_images, read_manifest, split_samples
from training.evaluate import Indices, confusion, digest_of_ids, paired_difference, predict, score
from training.failures import InvalidModel, Stopped, TrainingFailed
from training.gpu import watched_gpu
from training.model import best_device, build_network, device_name
from training.recipes import RECIPES, Recipe, choose_recipe

WARM_UP = 0.1
"""Fraction of all steps in which the learning rate rises."""

Clock = Callable[[], float]


@dataclass
class Progress:
    """How far the training has come: what a checkpoint holds beside network, optimiser and scaler."""

    epoch: int = 0
    """Epochs completed."""
    batch: int = 0
    """Batches completed of the epoch after those."""
    loss_sum: float = 0.0
    """Over these batches."""
    seconds: float = 0.0
    """Of all attempts so far."""
    checkpoints: int = 0
    best_loss: float = math.inf
    best_epoch: int = 0
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    finished: str = ""
    """Why training ended; empty while it has not."""


def main(folders: Folders | None = None, recipes: Mapping[str, Callable[[], Recipe]] = RECIPES) -> int:
    """Exit code: 0 for a finished or a stopped job, 1 with a sentence in the failure file."""
    folders = folders or Folders.from_environment()
    stop = StopRequest()
    stop.listen()
    try:
        train(folders, recipes, stop)
    except Stopped as stopped:
        print(stopped, flush=True)
    except TrainingFailed as failure:
        report_failure(folders, str(failure))
        print(failure, file=sys.stderr)
        return 1
    except Exception as fault:
        report_failure(folders, f"unexpected {type(fault).__name__}; the job's log holds the traceback")
        raise
    return 0


def train(folders: Folders, recipes: Mapping[str, Callable[[], Recipe]], stop: StopRequest) -> None:
    started = time.monotonic()
    job = read_job(folders)
    recipe = choose_recipe(job.recipe, job.epochs, recipes)
    device = best_device()
    torch.use_deterministic_algorithms(device.type == "cpu")
    torch.manual_seed(_seed(job.seed))

    # Data: verified against the manifest and preprocessed once.
    splits = split_samples(read_manifest(folders.manifest), job.classes)
    colour = any_colour(splits["train"], folders.images)
    how = Preprocessing(size=recipe.size, channels=3 if colour else 1)
    training = load_images(splits["train"], job.classes, folders.images, how)
    validation = load_images(splits["validation"], job.classes, folders.images, how)
    test = load_images(splits["test"], job.classes, folders.images, how)
    print(f"train={len(training)} validation={len(validation)} test={len(test)} device={device_name(device)}")

    # Rivals, before the network: a champion nobody can load fails the job in its first minute.
    baseline = baseline_predictions(training, test)
    champion = _champion_predictions(folders, job, splits["test"], device, recipe.batch)

    network = build_network(recipe.network, how.channels, len(job.classes)).to(device)
    with watched_gpu(device.type == "cuda"):
        progress = fit(network, training, validation, job, recipe, folders, stop, started)

    # Evaluation: challenger, champion and baseline answer on the same locked images.
    network.load_state_dict(progress.best_weights)
    truth = test.labels.numpy()
    challenger = predict(network, test.pixels, device, recipe.batch).argmax(1)
    evaluation = Evaluation(
        project=job.project,
        dataset=job.dataset,
        model_version=job.model_version,
        test_images=len(test),
        test_digest=digest_of_ids(test.ids),
        challenger=score(truth, challenger, test.groups, job.classes),
        baseline=score(truth, baseline, test.groups, job.classes),
        champion_version=job.champion_version,
        champion=None if champion is None else score(truth, champion, test.groups, job.classes),
        difference=None if champion is None else paired_difference(truth, challenger, champion, test.groups),
        classes=job.classes,
        confusion=confusion(truth, challenger, len(job.classes)),
        epochs=progress.epoch,
        seconds=progress.seconds,
        device=device_name(device),
    )

    # Artefacts: the model for serving, the evidence for the gate.
    description = Description(
        project=job.project,
        model_version=job.model_version,
        classes=job.classes,
        dataset=job.dataset,
        recipe=recipe,
        preprocessing=how,
    )
    counts = {str(name): len(members) for name, members in splits.items()}
    card = model_card(description, evaluation, counts, progress.best_epoch, progress.finished)
    save_model(folders.model, progress.best_weights, description)
    (folders.model / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    folders.results.mkdir(parents=True, exist_ok=True)
    (folders.results / "evaluation.json").write_text(evaluation.model_dump_json(indent=2), encoding="utf-8")
    (folders.results / "history.json").write_text(json.dumps(progress.history, indent=2), encoding="utf-8")
    test_accuracy, baseline_accuracy = evaluation.challenger.accuracy, evaluation.baseline.accuracy
    print(f"test_accuracy={test_accuracy:.4f} baseline_accuracy={baseline_accuracy:.4f}", flush=True)


def fit(
    network: torch.nn.Module,
    training: Images,
    validation: Images,
    job: Job,
    recipe: Recipe,
    folders: Folders,
    stop: StopRequest,
    started: float,
) -> Progress:
    """Train until the epochs, the time or the patience is used up; the best weights are in the answer.

    Raises:
        Stopped: a stop was requested; the checkpoint is written.
        TrainingFailed: the loss is no longer a number, or the checkpoint is not ours.
    """
    device = next(network.parameters()).device
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=recipe.weight_decay)
    # bf16 needs no loss scaling; GPUs without it (T4) train in fp16, which does.
    on_gpu = device.type == "cuda"
    half = torch.bfloat16 if on_gpu and torch.cuda.is_bf16_supported(False) else torch.float16
    scaler = torch.amp.GradScaler(device.type, enabled=on_gpu and half is torch.float16)
    weights = class_weights(training.labels, len(job.classes))
    rounds = math.ceil(recipe.least_batches * recipe.batch / len(training))
    steps = max(1, round(rounds * len(training) / recipe.batch))

    identity = {
        "project": job.project,
        "dataset": job.dataset,
        "classes": list(job.classes),
        "seed": job.seed,
        "recipe": recipe.model_dump(mode="json"),
    }
    progress = Progress()
    if state := load_checkpoint(folders.checkpoints, identity):
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["random"])
        progress = Progress(**state["progress"])
        print(f"resumed after epoch {progress.epoch}, batch {progress.batch}", flush=True)
    before, saved = progress.seconds, time.monotonic()

    def clock() -> float:
        return before + time.monotonic() - started

    def save() -> None:
        nonlocal saved
        progress.seconds = clock()
        progress.checkpoints += 1
        state = {
            "network": network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "scaler": scaler.state_dict(),
            "random": torch.get_rng_state(),
            "progress": vars(progress),
        }
        save_checkpoint(folders.checkpoints, progress.checkpoints, identity, state)
        saved = time.monotonic()

    while not progress.finished:
        epoch = progress.epoch
        network.train()
        # Parts of equal size: a last batch of one image would be a step in a random direction.
        batches = sample_order(job.seed, epoch, len(training), rounds).tensor_split(steps)
        while progress.batch < steps:
            if stop.requested:
                save()
                raise Stopped(f"stopped in epoch {epoch + 1}, batch {progress.batch}; checkpoint written")
            chosen = batches[progress.batch]
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(recipe, epoch * steps + progress.batch, recipe.epochs * steps)
            pixels = augment(
                training.pixels[chosen].to(device),
                recipe.augmentation,
                torch.Generator().manual_seed(_seed(job.seed, epoch, progress.batch)),
            )
            with torch.autocast(device.type, dtype=half, enabled=on_gpu):
                logits = network(pixels.contiguous(memory_format=torch.channels_last))
                loss = F.cross_entropy(
                    logits,
                    training.labels[chosen].to(device),
                    weight=weights.to(device),
                    label_smoothing=recipe.label_smoothing,
                )
            value = loss.item()
            if not math.isfinite(value):
                raise TrainingFailed(f"the training loss became {value} in epoch {epoch + 1}")
            optimiser.zero_grad()
            torch.autograd.backward(scaler.scale(loss))
            scaler.step(optimiser)
            scaler.update()
            progress.batch += 1
            progress.loss_sum += value
            if clock() > job.max_minutes * 60:
                break
            if time.monotonic() - saved > recipe.checkpoint_seconds:
                save()

        loss_now, accuracy = validate(network, validation, weights, recipe.batch)
        if not math.isfinite(loss_now):
            raise TrainingFailed(f"the validation loss became {loss_now} in epoch {epoch + 1}")
        row = {
            "epoch": epoch + 1,
            "train_loss": progress.loss_sum / progress.batch,
            "validation_loss": loss_now,
            "validation_accuracy": accuracy,
            "learning_rate": optimiser.param_groups[0]["lr"],
            "seconds": clock(),
        }
        progress.history.append(row)
        print(_metrics(row), flush=True)
        if loss_now < progress.best_loss:
            progress.best_loss, progress.best_epoch = loss_now, epoch + 1
            progress.best_weights = copy_of(network)
        progress.epoch, progress.batch, progress.loss_sum = epoch + 1, 0, 0.0
        if progress.epoch == recipe.epochs:
            progress.finished = "all epochs done"
        elif clock() > job.max_minutes * 60:
            progress.finished = f"the {job.max_minutes:g} minutes were used up"
        elif progress.epoch - progress.best_epoch >= recipe.patience:
            progress.finished = f"no better validation loss in {recipe.patience} epochs"
        save()

    print(f"finished: {progress.finished}; best epoch {progress.best_epoch}", flush=True)
    return progress


def copy_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}


def validate(
    network: torch.nn.Module, validation: Images, weights: torch.Tensor, batch: int
) -> tuple[float, float]:
    """Class-weighted loss and plain accuracy. The loss chooses the best epoch: unlike the accuracy it
    moves with every image, and does not reward forgetting a rare class."""
    device = next(network.parameters()).device
    logits = torch.from_numpy(predict(network, validation.pixels, device, batch))
    loss = F.cross_entropy(logits, validation.labels, weight=weights.double())
    return loss.item(), (logits.argmax(1) == validation.labels).double().mean().item()


def class_weights(labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Inverse frequency, 1 on average over the images, at most 10: one rare image must not steer it all."""
    counts = torch.bincount(labels, minlength=classes)
    return (len(labels) / (classes * counts)).clamp(max=10.0)


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """A function of the step alone, so that there is no schedule to save."""
    rising = max(1, round(WARM_UP * steps))
    if step < rising:
        return recipe.learning_rate * (step + 1) / rising
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def sample_order(seed: int, epoch: int, count: int, rounds: int = 1) -> torch.Tensor:
    """Every image once in each round of an epoch, in an order of its own."""
    generators = (torch.Generator().manual_seed(_seed(seed, epoch, number)) for number in range(rounds))
    return torch.cat([torch.randperm(count, generator=generator) for generator in generators])


def _seed(*parts: int) -> int:
    """Unrelated generators for neighbouring seeds, epochs and batches."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8]) >> 1


def _metrics(row: dict[str, float]) -> str:
    """One line that SageMaker's MetricDefinitions read, such as `epoch=3 train_loss=0.21…`."""
    return " ".join(f"{name}={value:.6g}" for name, value in row.items())


def _champion_predictions(
    folders: Folders, job: Job, samples: Sequence[Sample], device: torch.device, batch: int
) -> Indices | None:
    """The champion's answers, as indices into this job's classes; None without a champion.

    Classes are matched by name, since the project's may have changed: one it no longer has becomes -1,
    which is wrong for every image.

    Raises:
        InvalidModel: the champion channel holds another model, or none.
    """
    if job.champion_version is None:
        return None
    champion = load_archive(folders.champion)
    known = champion.description
    if (known.project, known.model_version) != (job.project, job.champion_version):
        raise InvalidModel("champion channel: model.json names another project or version")
    images = load_images(samples, job.classes, folders.images, known.preprocessing)
    own = predict(champion.network.to(device), images.pixels, device, batch).argmax(1)
    index = [job.classes.index(name) if name in job.classes else -1 for name in known.classes]
    answers: Indices = np.asarray(index)[own]
    return answers


if __name__ == "__main__":
    sys.exit(main())

"""One class an image, or any number of them: pictures and volumes as a whole."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from events.dataset import Sample
from events.evaluation import Metric
from training.answers import Answers, ClassAnswers, LabelAnswers
from training.artefact import Model
from training.baseline import thumbnail_regression
from training.cases import Case
from training.data.augment import Draws, augment, draw
from training.data.channel import Files, stream_files
from training.data.fingerprint import canvas_for
from training.data.pool import Pool, any_colour, each, load_canvases, read_scan, targets_of, traits
from training.data.preprocessing import Canvas, Grid
from training.data.storage import Storage
from training.distributed import Team
from training.finishing import Finishing, calibrate, choose_thresholds
from training.network import layout, placed
from training.predict import canvas_scores, probabilities
from training.schedule import balanced_order, sample_order
from training.tasks.task import Task, Validation, device_of

HEAVIEST = 10.0
"""One rare image must not steer it all."""

EXAMINED = 256
"""Test images in memory at a time."""


class Classification(Task):
    metric: ClassVar[Metric] = "accuracy"
    baseline_name = "logistic regression on thumbnails"

    @property
    def outputs(self) -> int:
        return len(self.classes)

    def preprocessing(self, samples: Sequence[Sample], folder: Path) -> Canvas:
        how = canvas_for(traits(samples, folder, len(self.classes)), self.recipe)
        return how.model_copy(update={"channels": 3}) if any_colour(samples, folder) else how

    def load(
        self, samples: Sequence[Sample], folder: Path, how: Canvas | Grid, storage: Storage, team: Team
    ) -> Pool:
        assert isinstance(how, Canvas)
        targets = targets_of(samples, self.classes, self.recipe.task)
        return load_canvases(samples, targets, folder, how, storage, team)

    def order(self, training: Pool, seed: int, epoch: int, rounds: int) -> torch.Tensor:
        if self.recipe.balance:
            return balanced_order(training.targets.cpu(), seed, epoch, rounds)
        return super().order(training, seed, epoch, rounds)

    def weigh(self, training: Pool) -> torch.Tensor:
        """Inverse frequency of each class, 1 on average over the images, at most HEAVIEST; 1 for all where
        they are drawn equally often."""
        if self.recipe.balance:
            return torch.ones(len(self.classes))
        counts = torch.bincount(training.targets.cpu(), minlength=len(self.classes))
        return (len(training) / (len(self.classes) * counts)).clamp(max=HEAVIEST)

    def draw(self, count: int, how: Canvas | Grid, generator: torch.Generator) -> Draws:
        assert isinstance(how, Canvas)
        return draw(count, how.shape, self.recipe.augmentation, generator)

    def batch(
        self, pool: Pool, chosen: torch.Tensor, draws: Draws, how: Canvas | Grid, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        assert pool.stack is not None
        images = pool.stack[chosen.to(pool.stack.device)].to(device)
        changed, _ = augment(images, draws)
        return changed.contiguous(memory_format=layout(how.spatial_dims, device)), pool.targets[chosen].to(
            device
        )

    def losses(self, outputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        smoothed = self.recipe.label_smoothing
        return (
            F.cross_entropy(outputs, targets, reduction="none", label_smoothing=smoothed) * weights[targets]
        )

    def validate(
        self, network: torch.nn.Module, pool: Pool, weights: torch.Tensor, how: Canvas | Grid, team: Team
    ) -> Validation:
        logits = self._scores(network, pool, team)
        truth = pool.targets.cpu()
        losses = F.cross_entropy(logits, truth, weight=weights.double().cpu())
        right = (logits.argmax(1) == truth).double()
        shown = torch.bincount(truth, minlength=len(self.classes)).nonzero().flatten()
        recalls = [right[truth == index].mean() for index in shown]
        # Not plain accuracy: that rewards forgetting a rare class.
        return Validation(losses.item(), torch.stack(recalls).mean().item())

    def _scores(self, network: torch.nn.Module, pool: Pool, team: Team) -> torch.Tensor:
        """[image, class], each process doing its part."""
        assert pool.stack is not None
        part = pool.stack[team.rank :: team.size]
        # There may be fewer images than processes.
        own = canvas_scores(network, part, device_of(network), self.recipe.batch) if len(part) else None
        scores = torch.empty(len(pool), len(self.classes), dtype=torch.float64)
        for rank, found in enumerate(team.gather(own)):
            if found is not None:
                scores[rank :: team.size] = found
        return scores

    def finish(self, network: torch.nn.Module, pool: Pool, how: Canvas | Grid) -> Finishing:
        return Finishing(temperature=calibrate(self._scores(network, pool, Team()), pool.targets.cpu()))

    def examine(
        self, model: Model, samples: Sequence[Sample], folder: Path, device: torch.device
    ) -> tuple[Answers, list[Case]]:
        how = model.description.preprocessing
        assert isinstance(how, Canvas)
        network = placed(model.network, how.spatial_dims, device)
        place = {sample.image: row for row, sample in enumerate(samples)}
        rows: dict[int, NDArray[np.float64]] = {}
        pictures: dict[int, NDArray[np.uint8]] = {}

        def prepared(files: Files) -> tuple[int, torch.Tensor]:
            return place[files.sample.image], how.prepare(read_scan(files)).values

        stream = each(stream_files(samples, folder), prepared)
        while some := list(islice(stream, EXAMINED)):
            stack = torch.stack([values for _, values in some])
            logits = canvas_scores(network, stack, device, self.recipe.batch)
            for (row, values), own in zip(some, self._own(model, logits), strict=True):
                rows[row], pictures[row] = own, picture_of(values)
        known = self._aligned(np.stack([rows[row] for row in range(len(samples))]), model)
        answers = self._answers(samples, known, model)
        return answers, self._cases(samples, answers, [pictures[row] for row in range(len(samples))])

    def _own(self, model: Model, logits: torch.Tensor) -> NDArray[np.float64]:
        return probabilities(logits, model.description.finishing, exclusive=True)

    def _aligned(self, own: NDArray[np.float64], model: Model) -> NDArray[np.float64]:
        """Columns by this job's classes, matched by name; the last one sums up the model's other classes,
        and is wrong for every image."""
        aligned = np.zeros((len(own), len(self.classes) + 1))
        for column, name in zip(own.T, model.description.classes, strict=True):
            place = self.classes.index(name) if name in self.classes else -1
            aligned[:, place] = np.maximum(aligned[:, place], column)
        return aligned

    def _answers(self, samples: Sequence[Sample], known: NDArray[np.float64], model: Model) -> Answers:
        truth = targets_of(samples, self.classes, self.recipe.task).numpy()
        return ClassAnswers(groups_of(samples), self.classes, truth, known)

    def _cases(
        self, samples: Sequence[Sample], answers: Any, pictures: Sequence[NDArray[np.uint8]]
    ) -> list[Case]:
        names = (*self.classes, "another class")
        return [
            Case(
                id=sample.image,
                group=sample.group,
                score=float(answers.truth[row] == answers.predicted[row]),
                truth=names[answers.truth[row]],
                answer=names[answers.predicted[row]],
                confidence=float(answers.probabilities[row].max()),
                dice={},
                picture=pictures[row],
                truth_mask=None,
                answer_mask=None,
            )
            for row, sample in enumerate(samples)
        ]

    def baseline(
        self, training: Pool, samples: Sequence[Sample], folder: Path, how: Canvas | Grid
    ) -> Answers:
        assert isinstance(how, Canvas) and training.stack is not None
        test = self.load(samples, folder, how, Storage(folder, budget=2**62), Team())
        assert test.stack is not None
        columns = training.targets.cpu().numpy()
        answers = thumbnail_regression(training.stack, columns, test.stack, len(self.classes))
        return self._baseline(samples, answers)

    def _baseline(self, samples: Sequence[Sample], answers: NDArray[np.float64]) -> Answers:
        truth = targets_of(samples, self.classes, self.recipe.task).numpy()
        return ClassAnswers(groups_of(samples), self.classes, truth, answers)


class MultiLabel(Classification):
    metric: ClassVar[Metric] = "macro AUROC"

    def order(self, training: Pool, seed: int, epoch: int, rounds: int) -> torch.Tensor:
        return sample_order(seed, epoch, len(training), rounds)

    def weigh(self, training: Pool) -> torch.Tensor:
        """How much more an example with a class counts than one without: as many times as it is rarer."""
        present = training.targets.cpu().sum(0).clamp(min=1)
        return ((len(training) - present) / present).clamp(1 / HEAVIEST, HEAVIEST)

    def losses(self, outputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        smoothed = targets * (1 - self.recipe.label_smoothing) + 0.5 * self.recipe.label_smoothing
        each = F.binary_cross_entropy_with_logits(outputs, smoothed, pos_weight=weights, reduction="none")
        return each.mean(1)

    def validate(
        self, network: torch.nn.Module, pool: Pool, weights: torch.Tensor, how: Canvas | Grid, team: Team
    ) -> Validation:
        logits, truth = self._scores(network, pool, team), pool.targets.cpu().double()
        weights = weights.double().cpu()
        loss = F.binary_cross_entropy_with_logits(logits, truth, pos_weight=weights)
        own = LabelAnswers(pool.groups, self.classes, truth.numpy(), logits.numpy(), truth.numpy() > 0)
        return Validation(loss.item(), own.value())

    def finish(self, network: torch.nn.Module, pool: Pool, how: Canvas | Grid) -> Finishing:
        logits, truth = self._scores(network, pool, Team()), pool.targets.cpu()
        temperature = Finishing(temperature=calibrate(logits, truth))
        own = probabilities(logits, temperature, exclusive=False)
        return temperature.model_copy(update={"thresholds": choose_thresholds(own, truth.double().numpy())})

    def _own(self, model: Model, logits: torch.Tensor) -> NDArray[np.float64]:
        return probabilities(logits, model.description.finishing, exclusive=False)

    def _answers(self, samples: Sequence[Sample], known: NDArray[np.float64], model: Model) -> Answers:
        thresholds = dict(zip(model.description.classes, model.description.finishing.thresholds, strict=True))
        bounds = np.array([thresholds.get(name, np.inf) for name in self.classes])
        own = known[:, : len(self.classes)]
        return self._labels(samples, own, own >= bounds)

    def _labels(
        self, samples: Sequence[Sample], own: NDArray[np.float64], named: NDArray[np.bool_]
    ) -> LabelAnswers:
        truth = targets_of(samples, self.classes, self.recipe.task).double().numpy()
        return LabelAnswers(groups_of(samples), self.classes, truth, own, named)

    def _cases(
        self, samples: Sequence[Sample], answers: Any, pictures: Sequence[NDArray[np.uint8]]
    ) -> list[Case]:
        return [
            Case(
                id=sample.image,
                group=sample.group,
                score=float((answers.named[row] == (answers.truth[row] > 0)).mean()),
                truth=self._names(answers.truth[row] > 0),
                answer=self._names(answers.named[row]),
                confidence=float(
                    np.maximum(answers.probabilities[row], 1 - answers.probabilities[row]).min()
                ),
                dice={},
                picture=pictures[row],
                truth_mask=None,
                answer_mask=None,
            )
            for row, sample in enumerate(samples)
        ]

    def _names(self, named: NDArray[np.bool_]) -> str:
        return " | ".join(name for name, has in zip(self.classes, named, strict=True) if has) or "none"

    def _baseline(self, samples: Sequence[Sample], answers: NDArray[np.float64]) -> Answers:
        return self._labels(samples, answers, answers >= 0.5)


def groups_of(samples: Sequence[Sample]) -> tuple[str, ...]:
    return tuple(sample.group for sample in samples)


def picture_of(values: torch.Tensor) -> NDArray[np.uint8]:
    """[row, column] or [row, column, 3] of 8 bits, from prepared values; a volume's middle slice."""
    shown = values if values.dim() == 3 else values[..., values.shape[-1] // 2].rot90(1, (1, 2))
    bytes_ = (shown * 255).byte().permute(1, 2, 0).numpy()
    return bytes_ if bytes_.shape[2] == 3 else bytes_[..., 0]

"""One class a pixel or voxel: images at one spacing, learnt in patches, answered by a sliding window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from monai.losses.dice import DiceLoss
from numpy.typing import NDArray

from events.dataset import Sample
from events.evaluation import Metric
from medloop.rules.recipe import Recipe, UNet
from training.answers import Answers, MaskAnswers
from training.artefact import Model
from training.baseline import Atlas
from training.cases import Case
from training.data.arrays import Scan
from training.data.augment import Draws, augment, draw
from training.data.channel import stream_files
from training.data.fingerprint import grid_for
from training.data.pool import Pool, load_grids, read_mask, read_scan, traits
from training.data.preprocessing import Canvas, Grid, turn_of
from training.data.storage import Storage
from training.distributed import Team
from training.finishing import Finishing, largest_parts
from training.network import layout, placed
from training.predict import case_dice, dice, grid_scores, label_map
from training.tasks.task import Task, Validation, device_of

Answerer = Callable[[Scan], NDArray[np.uint8]]


@dataclass(frozen=True, eq=False)
class PatchDraws(Draws):
    """Where in its image each patch lies, besides what happens to it."""

    centre: torch.Tensor
    """[patch, dims], 0..1 along each axis of the places a patch may have."""
    anchor: torch.Tensor
    """[patch], 0..1: which structure, and which voxel of it, the patch shall hold; negative for none."""


class Segmentation(Task):
    metric: ClassVar[Metric] = "mean Dice"
    baseline_name = "average training mask"

    def __init__(self, recipe: Recipe, classes: tuple[str, ...]) -> None:
        super().__init__(recipe, classes)
        assert isinstance(recipe.network, UNet)
        heads = 2.0 ** -torch.arange(recipe.network.deep_supervision + 1)
        self._heads = (heads / heads.sum()).tolist()
        self._dice = DiceLoss(include_background=False, to_onehot_y=True, softmax=True, reduction="none")

    @property
    def outputs(self) -> int:
        return len(self.classes) + 1

    def preprocessing(self, samples: Sequence[Sample], folder: Path) -> Grid:
        return grid_for(traits(samples, folder, len(self.classes)), self.recipe)

    def load(
        self, samples: Sequence[Sample], folder: Path, how: Canvas | Grid, storage: Storage, team: Team
    ) -> Pool:
        assert isinstance(how, Grid)
        return load_grids(samples, folder, how, len(self.classes), storage, team)

    def weigh(self, training: Pool) -> torch.Tensor:
        """None: Dice weighs structures alike however large they are."""
        return torch.empty(0)

    def draw(self, count: int, how: Canvas | Grid, generator: torch.Generator) -> PatchDraws:
        assert isinstance(how, Grid)
        changes = draw(count, how.patch, self.recipe.augmentation, generator)
        anchored = torch.rand(count, generator=generator) < self.recipe.foreground
        anchor = torch.where(anchored, torch.rand(count, generator=generator), torch.tensor(-1.0))
        centre = torch.rand(count, len(how.patch), generator=generator)
        return PatchDraws(**vars(changes), centre=centre, anchor=anchor)

    def batch(
        self, pool: Pool, chosen: torch.Tensor, draws: Draws, how: Canvas | Grid, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        assert isinstance(how, Grid) and isinstance(draws, PatchDraws)
        images, masks = [], []
        for row, index in enumerate(chosen.tolist()):
            shape = pool.masks[index].shape
            voxel = _anchor(pool, index, float(draws.anchor[row]), how.patch)
            place = _place(shape, draws.centre[row], voxel, how.patch)
            images.append(pool.images[index][(slice(None), *place)])
            masks.append(pool.masks[index][place])
        stack, labels = torch.stack(images).to(device), torch.stack(masks).to(device)
        changed, moved = augment(stack, draws, labels)
        assert moved is not None
        return changed.contiguous(memory_format=layout(how.spatial_dims, device)), moved

    def losses(self, outputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Dice and cross entropy alike, at each supervised level, halving from one to the next."""
        heads = outputs.unbind(1) if outputs.dim() == targets.dim() + 2 else (outputs,)
        parts = [
            weight * self._one(head.float(), targets)
            for weight, head in zip(self._heads, heads, strict=False)
        ]
        return torch.stack(parts).sum(0)

    def _one(self, scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        overlap: torch.Tensor = self._dice(scores, targets[:, None]).flatten(1).mean(1)
        return overlap + F.cross_entropy(scores, targets, reduction="none").flatten(1).mean(1)

    def validate(
        self, network: torch.nn.Module, pool: Pool, weights: torch.Tensor, how: Canvas | Grid, team: Team
    ) -> Validation:
        assert isinstance(how, Grid)
        device, own = device_of(network), []
        for index in team.share(range(len(pool))):
            scores = grid_scores(network, pool.images[index], how, device)
            mask = pool.masks[index].to(scores.device)
            row = dice(_labels(scores), pool.masks[index].cpu().numpy(), len(self.classes))
            own.append((self._one(scores[None], mask[None].long()).item(), case_dice(row)))
        pairs = np.array([pair for part in team.gather(own) for pair in part])
        return Validation(float(pairs[:, 0].mean()), float(pairs[:, 1].mean()))

    def finish(self, network: torch.nn.Module, pool: Pool, how: Canvas | Grid) -> Finishing:
        """Only the largest part of a structure is kept where that makes validation Dice better."""
        assert isinstance(how, Grid)
        gains = np.zeros(len(self.classes))
        for image, mask in zip(pool.images, pool.masks, strict=True):
            plain, truth = _labels(grid_scores(network, image, how, device_of(network))), mask.cpu().numpy()
            cleaned = largest_parts(plain, [True] * len(self.classes))
            after, before = (dice(one, truth, len(self.classes)) for one in (cleaned, plain))
            gains += np.nan_to_num(after - before)
        return Finishing(keep_largest=tuple(bool(gain > 0) for gain in gains))

    def examine(
        self, model: Model, samples: Sequence[Sample], folder: Path, device: torch.device
    ) -> tuple[Answers, list[Case]]:
        known = model.description
        how = known.preprocessing
        assert isinstance(how, Grid)
        network = placed(model.network, how.spatial_dims, device)
        index = [self.classes.index(name) + 1 if name in self.classes else 0 for name in known.classes]
        by_name = np.array([0, *index], dtype=np.uint8)

        def answer(scan: Scan) -> NDArray[np.uint8]:
            labels: NDArray[np.uint8] = by_name[label_map(network, scan, how, known.finishing, device)[0]]
            return labels

        return self._examine(samples, folder, answer)

    def baseline(
        self, training: Pool, samples: Sequence[Sample], folder: Path, how: Canvas | Grid
    ) -> Answers:
        atlas = Atlas(training.masks, len(self.classes))
        assert isinstance(how, Grid)

        def answer(scan: Scan) -> NDArray[np.uint8]:
            prepared = how.prepare(scan)
            labels = torch.from_numpy(atlas.answer(tuple(prepared.values.shape[1:]))).long()
            return how.restore(F.one_hot(labels, self.outputs).movedim(-1, 0).float(), prepared)

        return self._examine(samples, folder, answer)[0]

    def _examine(
        self, samples: Sequence[Sample], folder: Path, answer: Answerer
    ) -> tuple[MaskAnswers, list[Case]]:
        """Against the masks as they were uploaded, in the images' own space."""
        rows: dict[str, NDArray[np.float64]] = {}
        cases: dict[str, Case] = {}
        for files in stream_files(samples, folder):
            scan, truth = read_scan(files), read_mask(files, len(self.classes))
            own = answer(scan)
            rows[files.sample.image] = row = dice(own, truth, len(self.classes))
            cases[files.sample.image] = self._case(files.sample, scan, truth, own, row)
        order = [sample.image for sample in samples]
        groups = tuple(sample.group for sample in samples)
        answers = MaskAnswers(groups, self.classes, np.stack([rows[image] for image in order]))
        return answers, [cases[image] for image in order]

    def _case(
        self,
        sample: Sample,
        scan: Scan,
        truth: NDArray[np.uint8],
        answer: NDArray[np.uint8],
        row: NDArray[np.float64],
    ) -> Case:
        picture, true, own = _shown(scan, truth, answer)
        return Case(
            id=sample.image,
            group=sample.group,
            score=case_dice(row),
            truth="",
            answer="",
            confidence=float("nan"),
            dice={name: float(value) for name, value in zip(self.classes, row, strict=True)},
            picture=picture,
            truth_mask=true,
            answer_mask=own,
        )


def _labels(scores: torch.Tensor) -> NDArray[np.uint8]:
    return scores.argmax(0).to(torch.uint8).cpu().numpy()


def _anchor(pool: Pool, index: int, share: float, patch: Sequence[int]) -> Sequence[int] | None:
    """The voxel that a patch shall hold: of any structure as often as of any other, however small it is."""
    if share < 0 or tuple(pool.masks[index].shape) == tuple(patch):
        return None
    structures = pool.anchors(index)
    if not structures:
        return None
    which, within = divmod(share * len(structures), 1)
    voxels = structures[min(int(which), len(structures) - 1)]
    found: list[int] = voxels[int(within * len(voxels))].tolist()
    return found


def _place(
    shape: Sequence[int], centre: torch.Tensor, voxel: Sequence[int] | None, patch: Sequence[int]
) -> tuple[slice, ...]:
    """Where a patch lies: anywhere, or so that it holds this voxel."""
    room = [side - wanted for side, wanted in zip(shape, patch, strict=True)]
    if voxel is None:
        starts = [round(float(share) * free) for share, free in zip(centre, room, strict=True)]
    else:
        # Somewhere within the patch, not in its middle: structures lie at edges as well.
        offsets = (round(float(share) * (wanted - 1)) for share, wanted in zip(centre, patch, strict=True))
        starts = [
            min(max(at - offset, 0), free) for at, offset, free in zip(voxel, offsets, room, strict=True)
        ]
    return tuple(slice(start, start + wanted) for start, wanted in zip(starts, patch, strict=True))


def _shown(
    scan: Scan, truth: NDArray[np.uint8], answer: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Picture, truth and answer of the slice where the two differ most, in 8 bits; a picture as a whole."""
    grey = scan.values[0]
    if grey.ndim == 3:
        axis = _through(scan)
        apart = (truth != answer).sum(tuple(other for other in range(3) if other != axis))
        at = int(apart.argmax()) if apart.any() else grey.shape[axis] // 2
        grey, truth, answer = (np.rot90(part.take(at, axis)) for part in (grey, truth, answer))
    low, high = np.percentile(grey, (1, 99))
    scaled = np.clip((grey - low) / max(float(high - low), 1e-6), 0, 1) * 255
    return scaled.astype(np.uint8), np.ascontiguousarray(truth), np.ascontiguousarray(answer)


def _through(scan: Scan) -> int:
    """The axis from feet to head: slices across it are what radiologists look at first."""
    turn = turn_of(scan.affine)
    return 2 if turn is None else int(np.flatnonzero(turn[:, 0] == 2)[0])

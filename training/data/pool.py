"""One split of a dataset, preprocessed once and held ready."""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from events.dataset import Sample, Task
from training.data.arrays import LONGEST_HEADER, Scan, decode_scan, read_header
from training.data.channel import Files, stream_files, stream_starts
from training.data.fingerprint import Trait, trait_of
from training.data.manifest import is_volume
from training.data.preprocessing import Canvas, Grid
from training.data.storage import Storage
from training.distributed import Team
from training.failures import InvalidArray

READ_IN_ADVANCE = 32
"""Arrays read but not yet preprocessed: enough to keep every core busy."""

FINGERPRINTED = 256
"""Images, spread evenly over the training split: medians of more do not move."""

SHARE_OF_GPU = 0.5
"""Of its free memory, for images."""

ANCHORS = 1000
"""Voxels remembered of each structure of an image; nnU-Net keeps ten thousand."""

Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Pool:
    """Every tensor lies where `on` put it; index i is the same image throughout."""

    images: tuple[torch.Tensor, ...]
    """[channel, *spatial] each."""
    ids: tuple[str, ...]
    groups: tuple[str, ...]
    targets: torch.Tensor
    """Class index [image], or 0 and 1 for multi-label [image, class]; empty for segmentation."""
    stack: torch.Tensor | None = None
    """[image, channel, *spatial], the same memory as `images`, where all have one shape."""
    masks: tuple[torch.Tensor, ...] = ()
    """[*spatial] of uint8 each; segmentation only."""
    _anchors: dict[int, tuple[torch.Tensor, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def anchors(self, index: int) -> tuple[torch.Tensor, ...]:
        """Some voxels [voxel, dims] of each structure that an image shows; searched for once, as a large mask
        takes longer to search than a step."""
        if index not in self._anchors:
            self._anchors[index] = anchors_of(self.masks[index].cpu())
        return self._anchors[index]

    def on(self, device: torch.device) -> "Pool":
        """This pool on the GPU if it takes no more than its share there; else itself."""
        tensors = (*self.images, *self.masks)
        size = sum(tensor.nelement() * tensor.element_size() for tensor in tensors)
        if device.type != "cuda" or size > SHARE_OF_GPU * torch.cuda.mem_get_info(device)[0]:
            return self
        stack = None if self.stack is None else self.stack.to(device)
        return replace(
            self,
            images=tuple(stack) if stack is not None else tuple(image.to(device) for image in self.images),
            masks=tuple(mask.to(device) for mask in self.masks),
            targets=self.targets.to(device),
            stack=stack,
        )


def anchors_of(mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """At most ANCHORS voxels [voxel, dims] of each structure, in order of their values; always the same."""
    inside, generator = mask.nonzero(), torch.Generator().manual_seed(0)
    values = mask[tuple(inside.T)]
    found = [inside[values == value] for value in torch.unique(values)]
    return tuple(one[torch.randperm(len(one), generator=generator)[:ANCHORS]] for one in found)


def read_scan(files: Files) -> Scan:
    """The verified image of a sample.

    Raises:
        InvalidArray: it is damaged, or not the one in the manifest.
    """
    sample = files.sample
    with _named(sample):
        return decode_scan(_verified(files.array, sample.sha256), is_volume(sample.path))


def read_mask(files: Files, classes: int) -> NDArray[np.uint8]:
    """The verified mask of a sample, [*spatial]: 0 for background, then the structures in their order.

    Where there is one structure, every value above 0 means it: painting programs write 255.

    Raises:
        InvalidArray: it is damaged, not the one in the manifest, in colour, or has other values.
    """
    sample = files.sample
    with _named(sample):
        if sample.mask is None or files.mask is None:
            raise InvalidArray("it has no mask")
        scan = decode_scan(_verified(files.mask, sample.mask.sha256), is_volume(sample.mask.path))
        values = scan.values[0]
        if not (scan.values == values).all():
            raise InvalidArray("its mask is in colour; a structure has one grey value")
        if classes > 1 and not np.isin(values, np.arange(classes + 1)).all():
            raise InvalidArray(f"its mask has values other than 0 to {classes}")
        labels: NDArray[np.uint8] = (values > 0 if classes == 1 else values).astype(np.uint8)
        return labels


class _named:
    """Puts the image's id in front of what is wrong with it."""

    def __init__(self, sample: Sample) -> None:
        self._image = sample.image

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, InvalidArray):
            raise InvalidArray(f"image {self._image}: {error}") from error


def _verified(content: bytes, digest: str) -> bytes:
    if hashlib.sha256(content).hexdigest() != digest:
        raise InvalidArray("its array is not the one the dataset version was frozen with (SHA-256 differs)")
    return content


def each(stream: Iterable[Files], make: Callable[[Files], Made]) -> Iterator[Made]:
    """`make` of everything in the stream, on all cores, reading only a little in advance."""
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        under_way: deque[Future[Made]] = deque()
        for files in stream:
            under_way.append(workers.submit(make, files))
            if len(under_way) > READ_IN_ADVANCE:
                yield under_way.popleft().result()
        for last in under_way:
            yield last.result()


def traits(samples: Sequence[Sample], folder: Path, classes: int) -> list[Trait]:
    """The fingerprint of the training images."""
    step = max(1, len(samples) // FINGERPRINTED)

    def trait(files: Files) -> Trait:
        return trait_of(read_scan(files), read_mask(files, classes) if files.mask else None)

    return list(each(stream_files(samples[::step], folder), trait))


def any_colour(samples: Iterable[Sample], folder: Path) -> bool:
    """Whether one of the pictures has three channels: then the model looks at colour."""
    pictures = [sample for sample in samples if not is_volume(sample.path)]
    return any(_is_colour(start) for _, start in stream_starts(pictures, folder, LONGEST_HEADER))


def _is_colour(start: bytes) -> bool:
    try:
        return len(read_header(start).shape) == 3
    except InvalidArray:
        return False  # load_pool says what is wrong with it


def targets_of(samples: Sequence[Sample], classes: Sequence[str], task: Task) -> torch.Tensor:
    if task == "classification":
        return torch.tensor([classes.index(sample.labels[0]) for sample in samples])
    if task == "multilabel":
        return torch.tensor([[float(name in sample.labels) for name in classes] for sample in samples])
    return torch.empty(0)


def load_canvases(
    samples: Sequence[Sample], targets: torch.Tensor, folder: Path, how: Canvas, storage: Storage, team: Team
) -> Pool:
    """Read, verify and preprocess every sample of a classification.

    Raises:
        TrainingFailed: an array is missing, unreadable, or not the one in the manifest.
    """
    split = samples[0].split
    stack = storage.take(split, (len(samples), how.channels, *how.shape), torch.float32)
    place = {sample.image: index for index, sample in enumerate(samples)}

    def load(files: Files) -> None:
        stack[place[files.sample.image]] = how.prepare(read_scan(files)).values

    for _ in each(stream_files(team.share_here(samples), folder), load):
        pass
    team.wait()
    return Pool(tuple(stack), *_names(samples), targets, stack)


def load_grids(
    samples: Sequence[Sample], folder: Path, how: Grid, classes: int, storage: Storage, team: Team
) -> Pool:
    """Read, verify and preprocess every sample of a segmentation, its mask as well.

    Raises:
        TrainingFailed: an array or mask is missing, unreadable, or not the one in the manifest.
    """

    def load(files: Files) -> tuple[str, tuple[int, ...]]:
        scan, mask = read_scan(files), read_mask(files, classes)
        if mask.shape != scan.shape:
            raise InvalidArray(f"image {files.sample.image}: its mask has another shape")
        image, labels = how.prepare(scan).values, how.prepare_mask(mask, scan.affine)
        name = files.sample.image
        storage_of(name, image.shape)[0].copy_(image)
        storage_of(name, image.shape)[1].copy_(labels)
        return name, tuple(image.shape)

    held: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def storage_of(name: str, shape: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        if name not in held:
            held[name] = (
                storage.take(name, shape, torch.float32),
                storage.take(f"{name}.mask", shape[1:], torch.uint8),
            )
        return held[name]

    own = list(each(stream_files(team.share_here(samples), folder), load))
    for name, shape in (pair for part in team.gather_here(own) for pair in part):
        storage_of(name, shape)
    pairs = [held[sample.image] for sample in samples]
    images, masks = (tuple(part) for part in zip(*pairs, strict=True))
    return Pool(images, *_names(samples), torch.empty(0), masks=masks)


def _names(samples: Sequence[Sample]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(sample.image for sample in samples), tuple(sample.group for sample in samples)

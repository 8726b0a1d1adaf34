"""The data as a job gets it: checked manifest, verified arrays, one preprocessing for train and serve."""

import hashlib
import math
import os
import re
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from monai.transforms import Resize, SpatialPad
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from events.dataset import Sample, Split
from training.channel import stream_arrays
from training.failures import InvalidArray, TrainingFailed

LARGEST_IMAGE = 100_000_000
"""Values in one array. More is not an image but an attempt on our memory."""


LARGEST_VALUE = 1e30
"""Sums over an image of such values still fit a float32."""

HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(?P<dtype>[!-&(-~]{1,16})', 'fortran_order': (?P<fortran>True|False), "
    rb"'shape': \((?P<shape>(\d{1,9}(, |,)?){0,8})\), \} *\n",
    re.DOTALL,
)
NUMBERS = re.compile(r"[<>|](f[48]|[iu][1248])")
LONGEST_HEADER = 256

READ_IN_ADVANCE = 32
"""Arrays read but not yet preprocessed: enough to keep every core busy."""


@dataclass(frozen=True)
class Header:
    """What an .npy file says of its array."""

    dtype: str
    shape: tuple[int, ...]
    fortran: bool
    length: int
    """Bytes before the first value."""


class Preprocessing(BaseModel):
    """What a model expects of an image; travels with the model, so that serving does the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(ge=1)
    """Pixels along each side; the longer side fills it, the shorter is padded: shapes keep their ratio."""
    channels: Literal[1, 3]
    low_percentile: float = Field(default=0.5, ge=0, le=100)
    high_percentile: float = Field(default=99.5, ge=0, le=100)
    """Values between the two become 0..1, whatever the scale: Hounsfield units, MR counts, 8 bits."""


@dataclass(frozen=True)
class Images:
    """One split, preprocessed once: pixels are [image, channel, row, column] in 0..1."""

    pixels: torch.Tensor
    labels: torch.Tensor
    """Index into the classes, one per image."""
    ids: tuple[str, ...]
    groups: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)


def read_manifest(path: Path) -> tuple[Sample, ...]:
    """Raises TrainingFailed when there is no manifest, or a line is not a sample."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise TrainingFailed("dataset channel: manifest.jsonl is missing or not text") from error
    samples = []
    for number, line in enumerate(lines, start=1):
        try:
            samples.append(Sample.model_validate_json(line))
        except ValidationError:
            # The cause is dropped on purpose: its text would repeat the line.
            raise TrainingFailed(f"dataset channel: manifest line {number} is not a sample") from None
    return tuple(samples)


def split_samples(samples: Iterable[Sample], classes: Sequence[str]) -> dict[Split, tuple[Sample, ...]]:
    """The three splits, fit to train on.

    Raises:
        TrainingFailed: an empty split, a class without training images, an unknown label,
            an image named twice, a patient on two sides, or volumes.
    """
    samples = tuple(samples)
    if any(sample.path.endswith(".nii.gz") for sample in samples):
        raise TrainingFailed("dataset: it holds volumes, and the recipes train on pictures")
    if strangers := {sample.label for sample in samples} - set(classes):
        raise TrainingFailed(f"dataset: {len(strangers)} label(s) are not among the project's classes")
    if len({sample.image for sample in samples}) < len(samples):
        raise TrainingFailed("dataset: an image appears twice")
    splits: dict[Split, tuple[Sample, ...]] = {
        name: tuple(sample for sample in samples if sample.split == name) for name in get_args(Split)
    }
    for name, members in splits.items():
        if not members:
            raise TrainingFailed(f"dataset: the {name} split is empty")
    if missing := sorted(set(classes) - {sample.label for sample in splits["train"]}):
        raise TrainingFailed(f"dataset: no training image of class {', '.join(map(repr, missing))}")
    if len({(sample.group, sample.split) for sample in samples}) > len({sample.group for sample in samples}):
        raise TrainingFailed("dataset: a patient's images lie in more than one split")
    return splits


def decode_array(content: bytes) -> NDArray[Any]:
    """The HxW or HxWx3 array in the bytes of an .npy file, as numpy.save writes them.

    The header is matched, not evaluated, and nothing is allocated on its word alone: numpy's own reader
    parses it as Python, reserves the memory it claims, and would unpickle if asked.

    Raises:
        InvalidArray: anything else, said in a sentence.
    """
    header = _read_header(content)
    if NUMBERS.fullmatch(header.dtype) is None:
        raise InvalidArray("the array holds something other than real numbers")
    if len(header.shape) not in (2, 3) or header.shape[2:] not in ((), (3,)) or 0 in header.shape:
        raise InvalidArray(f"the array is shaped {header.shape}; expected HxW or HxWx3")
    dtype, count = np.dtype(header.dtype), math.prod(header.shape)
    if count > LARGEST_IMAGE or len(content) - header.length != count * dtype.itemsize:
        raise InvalidArray("the array's size is not what its header says, or too large")
    values: NDArray[Any] = np.frombuffer(content, dtype, offset=header.length)
    if not (np.abs(values) <= LARGEST_VALUE).all():  # NaN compares false
        raise InvalidArray("the array holds NaN, infinite or absurdly large values")
    return values.reshape(header.shape, order="F" if header.fortran else "C")


def _read_header(content: bytes) -> Header:
    """Raises InvalidArray; `content` may be cut off after the header."""
    found = HEADER.match(content)
    if found is None or int.from_bytes(content[8:10], "little") != found.end() - 10:
        raise InvalidArray("not an .npy file")
    shape = tuple(int(side) for side in found["shape"].split(b",") if side.strip())
    return Header(found["dtype"].decode("ascii"), shape, found["fortran"] == b"True", found.end())


def preprocess(array: NDArray[Any], how: Preprocessing) -> torch.Tensor:
    """The [channel, row, column] tensor in 0..1 that a model with this preprocessing expects."""
    # A copy: the array may be a read-only view of the file's bytes.
    image = torch.from_numpy(np.array(array, dtype=np.float32, order="C"))
    image = image[None] if image.ndim == 2 else image.permute(2, 0, 1)
    if image.shape[0] != how.channels:
        image = image.mean(0, keepdim=True).expand(how.channels, -1, -1)
    longest = max(image.shape[1:])
    sides = [max(1, round(side * how.size / longest)) for side in image.shape[1:]]
    # "area" averages what it drops, but repeats pixels when it enlarges.
    image = Resize(sides, mode="area" if longest > how.size else "bilinear")(image)
    padded: torch.Tensor = SpatialPad((how.size, how.size))(_spread(image, how)).as_tensor()
    return padded


def _spread(image: torch.Tensor, how: Preprocessing) -> torch.Tensor:
    """Values between the percentiles to 0..1; a constant image becomes zeros."""
    values = image.numpy()
    low, high = np.percentile(values, (how.low_percentile, how.high_percentile))
    if low == high:  # nearly all background: the few other pixels are the picture
        low, high = values.min(), values.max()
    if low == high:
        return torch.zeros_like(image)
    return ((image - float(low)) / float(high - low)).clamp(0, 1)


def load_images(
    samples: Sequence[Sample], classes: Sequence[str], folder: Path, how: Preprocessing
) -> Images:
    """Read, verify and preprocess every sample. Holds 4 x size² x channels bytes an image in memory.

    Raises:
        TrainingFailed: an array is missing, unreadable, or not the one in the manifest.
    """
    pixels = torch.empty(len(samples), how.channels, how.size, how.size)
    place = {sample.image: index for index, sample in enumerate(samples)}

    def load(sample: Sample, content: bytes) -> None:
        try:
            pixels[place[sample.image]] = preprocess(decode_array(_verified(sample, content)), how)
        except InvalidArray as error:
            raise InvalidArray(f"image {sample.image}: {error}") from error

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        under_way: deque[Future[None]] = deque()
        for sample, content in stream_arrays(samples, folder):
            under_way.append(pool.submit(load, sample, content))
            if len(under_way) > READ_IN_ADVANCE:
                under_way.popleft().result()
        for last in under_way:
            last.result()
    return Images(
        pixels=pixels,
        labels=torch.tensor([classes.index(sample.label) for sample in samples]),
        ids=tuple(sample.image for sample in samples),
        groups=tuple(sample.group for sample in samples),
    )


def any_colour(samples: Iterable[Sample], folder: Path) -> bool:
    """Whether one of the images has three channels: then the model looks at colour."""
    return any(_is_colour(start) for _, start in stream_arrays(samples, folder, LONGEST_HEADER))


def _is_colour(start: bytes) -> bool:
    try:
        return len(_read_header(start).shape) == 3
    except InvalidArray:
        return False  # load_images says what is wrong with it


def _verified(sample: Sample, content: bytes) -> bytes:
    if hashlib.sha256(content).hexdigest() != sample.sha256:
        raise InvalidArray("its array is not the one the dataset version was frozen with (SHA-256 differs)")
    return content

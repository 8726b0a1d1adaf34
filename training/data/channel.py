"""The images channel: shards read from front to back, or loose files as older datasets have them."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from events.dataset import Sample
from medloop.rules.shards import DamagedShard, member_name, members
from training.failures import InvalidArray, TrainingFailed

READ_AHEAD = 2**20
"""Bytes: one read of the disk serves many small arrays."""


@dataclass(frozen=True)
class Files:
    """One sample's files as they lie in the channel."""

    sample: Sample
    array: bytes
    mask: bytes | None = None


def stream_files(samples: Iterable[Sample], folder: Path) -> Iterator[Files]:
    """Each sample with its array file's bytes, and its mask's where it has one; in no particular order.

    Nothing is verified here: whoever decodes the bytes compares their hash.

    Raises:
        TrainingFailed: a shard is damaged; InvalidArray: an array is missing.
    """
    wanted = {sample.image: sample for sample in samples}
    halves: dict[str, dict[str, bytes]] = {}
    for sample, kind, content in _stream(wanted.values(), folder):
        if sample.mask is None:
            yield Files(sample, content)
            continue
        parts = halves.setdefault(sample.image, {})
        parts[kind] = content
        if len(parts) == 2:
            yield Files(sample, **halves.pop(sample.image))


def stream_starts(samples: Iterable[Sample], folder: Path, longest: int) -> Iterator[tuple[Sample, bytes]]:
    """The first `longest` bytes of each sample's array file; in no particular order."""
    without = (sample.model_copy(update={"mask": None}) for sample in samples)
    for sample, _, content in _stream(without, folder, longest):
        yield sample, content


def _stream(
    samples: Iterable[Sample], folder: Path, longest: int | None = None
) -> Iterator[tuple[Sample, str, bytes]]:
    waiting = dict(_names(samples))
    sides = {sample.split for sample, _, _ in waiting.values()}
    for shard in sorted(folder.resolve().rglob("*.tar")):
        if shard.name.partition("-")[0] in sides:
            for name, content in _wanted(shard, waiting, longest):
                sample, kind, _ = waiting.pop(name)
                yield sample, kind, content
    for sample, kind, path in list(waiting.values()):
        yield sample, kind, _loose(sample, path, folder, longest)


def _names(samples: Iterable[Sample]) -> Iterator[tuple[str, tuple[Sample, str, str]]]:
    """Name in a shard → sample, which of its files, and that file's path."""
    for sample in samples:
        yield member_name(sample.image, sample.path), (sample, "array", sample.path)
        if sample.mask is not None:
            name = member_name(f"{sample.image}.mask", sample.mask.path)
            yield name, (sample, "mask", sample.mask.path)


def _wanted(shard: Path, waiting: Container[str], longest: int | None) -> Iterator[tuple[str, bytes]]:
    with shard.open("rb", buffering=READ_AHEAD) as file:

        def read(offset: int, count: int) -> bytes:
            file.seek(offset)
            return file.read(count)

        try:
            for name, first, size in members(read):
                if name in waiting:
                    yield name, read(first, size if longest is None else min(size, longest))
        except DamagedShard as error:
            raise TrainingFailed(f"images channel: {error}") from None


def _loose(sample: Sample, relative: str, folder: Path, longest: int | None) -> bytes:
    path = (folder / relative).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise InvalidArray(f"image {sample.image}: its path leaves the images channel")
    try:
        with path.open("rb") as file:
            return file.read() if longest is None else file.read(longest)
    except OSError as error:
        raise InvalidArray(f"image {sample.image}: its array is missing from the images channel") from error

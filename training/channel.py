"""The images channel: shards read from front to back, or loose files as older datasets have them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from events.dataset import Sample
from medloop.rules.shards import DamagedShard, member_name, members
from training.failures import InvalidArray, TrainingFailed

READ_AHEAD = 2**20
"""Bytes: one read of the disk serves many small arrays."""


def stream_arrays(
    samples: Iterable[Sample], folder: Path, longest: int | None = None
) -> Iterator[tuple[Sample, bytes]]:
    """Each sample with its array file's bytes, or only the first `longest` of them; in no particular order.

    Nothing is verified here: whoever decodes the bytes compares their hash.

    Raises:
        TrainingFailed: a shard is damaged; InvalidArray: an array is missing.
    """
    waiting = {member_name(sample.image, sample.path): sample for sample in samples}
    sides = {sample.split for sample in waiting.values()}
    for shard in sorted(folder.resolve().rglob("*.tar")):
        if shard.name.partition("-")[0] in sides:
            for name, content in _wanted(shard, waiting, longest):
                yield waiting.pop(name), content
    for sample in list(waiting.values()):
        yield sample, _loose(sample, folder, longest)


def _wanted(shard: Path, waiting: dict[str, Sample], longest: int | None) -> Iterator[tuple[str, bytes]]:
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


def _loose(sample: Sample, folder: Path, longest: int | None) -> bytes:
    path = (folder / sample.path).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise InvalidArray(f"image {sample.image}: its path leaves the images channel")
    try:
        with path.open("rb") as file:
            return file.read() if longest is None else file.read(longest)
    except OSError as error:
        raise InvalidArray(f"image {sample.image}: its array is missing from the images channel") from error

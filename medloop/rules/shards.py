"""Many small arrays in a few large files: which goes where, and how such a file is laid out.

A shard is a tar (POSIX ustar) of `<image>.npy` or `<image>.nii.gz`, each with its `<image>.mask.…` behind it:
the layout that webdataset reads, and `tar xf` as well. It holds no labels, so a shard outlives a label.
"""

import hashlib
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, get_args

from events.dataset import Sample, Split

BLOCK: Final = 512
"""Bytes: tar's unit."""

END: Final = bytes(2 * BLOCK)

SMALLEST: Final = 48 * 2**20
TYPICAL: Final = 80 * 2**20
LARGEST: Final = 128 * 2**20
"""Bytes. One array larger than that has a shard of its own."""


class DamagedShard(ValueError):
    """The bytes are not a shard as it is written here."""


@dataclass(frozen=True)
class Extent:
    """What packing wants to know of a sample besides itself."""

    size: int
    """Bytes of its arrays, at least roughly."""
    arrived: float
    """Seconds since 1970: early samples are packed first."""


@dataclass(frozen=True)
class Member:
    """One file of a shard."""

    name: str
    path: str
    """Where it lies now, in the curated bucket."""
    sha256: str
    size: int
    """Bytes, at least roughly; 0 where nobody knows."""


@dataclass(frozen=True)
class Plan:
    """A shard to be."""

    split: Split
    samples: int
    members: tuple[Member, ...]

    @property
    def name(self) -> str:
        """Equal for equal contents, so that a shard that exists is not written again."""
        listing = "".join(f"{member.name} {member.sha256}\n" for member in self.members)
        return f"{self.split}-{hashlib.sha256(listing.encode()).hexdigest()[:32]}.tar"


def plan_shards(samples: Iterable[Sample], extents: Mapping[str, Extent]) -> tuple[Plan, ...]:
    """Deal the samples of each split to shards of 48 to 128 MiB.

    Samples go in as they arrived, and where a shard ends is decided by the samples around that place alone:
    what arrives later changes the last shard and adds new ones, and what is left out later changes one or
    two. Within a shard the order is that of the image ids, which are hashes: shuffled, and always the same.
    """
    sides: dict[Split, list[Sample]] = {split: [] for split in get_args(Split)}
    for sample in samples:
        sides[sample.split].append(sample)
    plans = []
    for split, members in sides.items():
        members.sort(key=lambda sample: (extents[sample.image].arrived, sample.image))
        for chosen in _cut(members, extents):
            chosen.sort(key=lambda sample: sample.image)
            files = (file for sample in chosen for file in _files(sample, extents[sample.image].size))
            plans.append(Plan(split, len(chosen), tuple(files)))
    return tuple(plans)


def _cut(samples: Iterable[Sample], extents: Mapping[str, Extent]) -> Iterator[list[Sample]]:
    held: list[Sample] = []
    size = 0
    for sample in samples:
        more = extents[sample.image].size
        if held and size + more > LARGEST:
            yield held
            held, size = [], 0
        held.append(sample)
        size += more
        if size >= SMALLEST and _chance(sample.image) < more / (TYPICAL - SMALLEST):
            yield held
            held, size = [], 0
    if held:
        yield held


def _chance(image: str) -> float:
    """0 to 1: as good as random, but always the same for one image."""
    return int(image[-8:], 16) / 2**32


def _files(sample: Sample, size: int) -> Iterator[Member]:
    yield Member(member_name(sample.image, sample.path), sample.path, sample.sha256, size)
    if sample.mask is not None:
        name = member_name(f"{sample.image}.mask", sample.mask.path)
        yield Member(name, sample.mask.path, sample.mask.sha256, 0)


def member_name(image: str, path: str) -> str:
    """The file's name in a shard: it keeps the ending of where it came from."""
    return image + (".nii.gz" if path.endswith(".nii.gz") else ".npy")


def header(name: str, size: int) -> bytes:
    """The block in front of a file; equal for equal files, whoever packs them and when."""
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry.tobuf(tarfile.USTAR_FORMAT)


def padding(size: int) -> bytes:
    """What follows a file of this size."""
    return bytes(-size % BLOCK)


def members(read: Callable[[int, int], bytes]) -> Iterator[tuple[str, int, int]]:
    """(name, first byte, size) of each file; `read(offset, count)` gives bytes of the shard.

    Raises:
        DamagedShard: cut off, or not a tar as it is written here.
    """
    offset = 0
    while (block := read(offset, BLOCK)) != END[:BLOCK]:
        name, size = _parse(block)
        yield name, offset + BLOCK, size
        offset += BLOCK + size + len(padding(size))


def _parse(block: bytes) -> tuple[str, int]:
    if len(block) < BLOCK or block[257:263] != b"ustar\0" or block[156:157] != b"0":
        raise DamagedShard("a shard ends early or holds something other than plain files")
    try:
        return block[:100].rstrip(b"\0").decode("ascii"), int(block[124:135], 8)
    except ValueError:
        raise DamagedShard("a shard names a file that cannot be") from None

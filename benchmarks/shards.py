"""`make bench-shards`: a job's arrays as loose files, as tars read by tarfile, and as medloop's shards.

What is measured is the reading that a training job does before its first step: every array's bytes once.
Cold means that the files were thrown out of the page cache first, as on an instance that has just got them.
"""

import hashlib
import os
import statistics
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from benchmarks import machine
from benchmarks.pipeline import table
from events.dataset import Sample
from medloop.imaging.arrays import encode_array
from medloop.rules.shards import END, Extent, Plan, header, padding, plan_shards
from training.data.channel import stream_files

EVIDENCE = Path(__file__).resolve().parents[1] / "docs" / "evidence" / "shards.md"
SIDES = (64, 256)
"""Pixels along each side: MedNIST's images, and MR slices."""

Read = Callable[[], int]
"""Reads every array, and returns how many bytes there were."""

console = Console()


def main(
    images: Annotated[int, typer.Option(min=10, help="Arrays of each size.")] = 3000,
    repeats: Annotated[int, typer.Option(min=1, help="Readings of each arm; the median counts.")] = 5,
    out: Annotated[Path, typer.Option(help="Where the page goes.")] = EVIDENCE,
) -> None:
    """Write the arrays both ways, read them in turn, and write the page."""
    sections = [section(side, images, repeats) for side in SIDES]
    out.write_text("\n".join([*beginning(repeats), *(line for part in sections for line in part)]))
    console.print(out, highlight=False)


def section(side: int, images: int, repeats: int) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="medloop-shards-") as folder:
        loose, packed = Path(folder, "loose"), Path(folder, "packed")
        samples = list(written(loose, side, images))
        began = time.perf_counter()
        shards = pack(plan(samples, loose), loose, packed)
        packing = time.perf_counter() - began
        arms: dict[str, Read] = {
            "loose files": lambda: ours(samples, loose),
            "tar, read by tarfile": lambda: by_tarfile(packed),
            "shards, as medloop reads them": lambda: ours(samples, packed),
        }
        rows = [row(name, arm, Path(folder), images, repeats) for name, arm in arms.items()]
        size = sum(file.stat().st_size for file in packed.iterdir())
    console.print(f"{side} x {side}: done", highlight=False)
    return [
        f"## {images} arrays of {side} x {side}",
        "",
        *table(["", "warm, images/s", "cold, images/s"], rows),
        "",
        f"Packing took {packing:.1f} s and gave {shards} shard(s) of {size / 2**20:.0f} MiB: so many GET",
        f"requests per epoch instead of {images}.",
        "",
    ]


def written(folder: Path, side: int, images: int) -> Iterator[Sample]:
    folder.mkdir()
    random = np.random.default_rng(side)
    for number in range(images):
        content = encode_array(random.integers(0, 4096, (side, side)).astype(np.float32))
        identity = hashlib.sha256(str(number).encode()).hexdigest()[:32]
        (folder / f"{identity}.npy").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        yield Sample(
            image=identity,
            path=f"{identity}.npy",
            sha256=digest,
            labels=("a",),
            split="train",
            group=identity,
        )


def plan(samples: Sequence[Sample], loose: Path) -> tuple[Plan, ...]:
    sizes = {sample.image: (loose / sample.path).stat().st_size for sample in samples}
    return plan_shards(samples, {image: Extent(size, 0.0) for image, size in sizes.items()})


def pack(plans: Sequence[Plan], loose: Path, packed: Path) -> int:
    packed.mkdir()
    for made in plans:
        with (packed / made.name).open("wb") as shard:
            for member in made.members:
                content = (loose / member.path).read_bytes()
                shard.write(header(member.name, len(content)) + content + padding(len(content)))
            shard.write(END)
    return len(plans)


def ours(samples: Sequence[Sample], folder: Path) -> int:
    """What a training job does, from either."""
    return sum(len(files.array) for files in stream_files(samples, folder))


def by_tarfile(folder: Path) -> int:
    """As webdataset reads a tar: Python's tarfile, as a stream."""
    total = 0
    for shard in sorted(folder.iterdir()):
        with tarfile.open(shard, "r|") as archive:
            for member in archive:
                file = archive.extractfile(member)
                assert file is not None
                total += len(file.read())
    return total


def row(name: str, read: Read, folder: Path, images: int, repeats: int) -> list[str]:
    read()
    warm = statistics.median(timed(read) for _ in range(repeats))
    cold = statistics.median(timed(read, folder) for _ in range(repeats))
    return [name, f"{images / warm:.0f}", f"{images / cold:.0f}"]


def timed(read: Read, evicted: Path | None = None) -> float:
    if evicted is not None:
        evict(evicted)
    began = time.perf_counter()
    read()
    return time.perf_counter() - began


def evict(folder: Path) -> None:
    """Throw the files out of the page cache; Linux does what it is advised."""
    for file in folder.rglob("*"):
        if file.is_file():
            handle = os.open(file, os.O_RDONLY)
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def beginning(repeats: int) -> list[str]:
    found = machine.described()
    return [
        "# Reading a dataset",
        "",
        "Every array's bytes once, as a training job reads them before its first step. Written by",
        "`make bench-shards`.",
        "",
        f"- {found['processor']}, {found['cores']} cores, Python {found['python']}, a local disk",
        f"- one thread, no decoding; median of {repeats} readings; *cold*: out of the page cache first",
        "",
    ]


if __name__ == "__main__":
    machine.pin()
    typer.run(main)

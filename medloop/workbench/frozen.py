"""A dataset version that `medloop dataset export` wrote, or that lies here as one: taken as it is."""

import json
import os
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from pydantic import ValidationError

from events.dataset import DatasetContents, Sample, Task
from medloop.imaging.volumes import decode_volume
from medloop.rules.reasons import Refused
from medloop.rules.shards import member_name
from medloop.workbench.encoding import VOLUME
from medloop.workbench.failures import Unusable
from medloop.workbench.forms import Frozen
from medloop.workbench.structures import unnamed, written_names
from medloop.workbench.tree import Tree

AGAIN = "export the version again"


def read_manifest(form: Frozen) -> tuple[Sample, ...]:
    """Raises Unusable: a line is no sample, or names a file elsewhere, or there is none."""
    samples = []
    for number, line in enumerate(form.manifest.read_bytes().splitlines(), start=1):
        try:
            samples.append(Sample.model_validate_json(line))
        except ValidationError:
            raise Unusable(f"line {number} of {form.manifest} is no sample", AGAIN) from None
        if not all(_stays_inside(path) for path in _paths(samples[-1])):
            raise Unusable(f"line {number} of {form.manifest} names a file outside of the folder", AGAIN)
    if not samples:
        raise Unusable(f"{form.manifest} is empty", AGAIN)
    return tuple(samples)


def _paths(sample: Sample) -> list[str]:
    return [sample.path, *([sample.mask.path] if sample.mask else [])]


def _stays_inside(path: str) -> bool:
    return not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts


def task_of(samples: Sequence[Sample], asked: Task | None) -> Task:
    """What the samples can teach; where that is several things, the one that was asked for.

    Raises:
        Unusable: they cannot teach what was asked for.
    """
    can: list[Task] = []
    if all(len(one.labels) == 1 for one in samples):
        can.append("classification")
    if all(one.mask is not None for one in samples):
        can.append("segmentation")
    if any(one.labels for one in samples):
        can.append("multilabel")
    if not can:
        raise Unusable("the version's images have neither labels nor masks", "freeze one that has")
    if asked not in (None, *can):
        raise Unusable(f"the version is none for {asked}", f"it may be used for {' or '.join(can)}")
    return asked or can[0]


def classes_of(samples: Sequence[Sample], task: Task, form: Frozen) -> tuple[str, ...]:
    """Raises Unusable: a segmentation's masks are damaged, missing or empty."""
    if task != "segmentation":
        return tuple(sorted({name for one in samples for name in one.labels}))
    # The dataset.json of an export names no structures.
    names = written_names(form.root)
    if names is not None:
        return tuple(names.values())
    try:
        highest = max((int(_values(*mask).max()) for mask in _masks(samples, form)), default=0)
    except (tarfile.TarError, Refused, ValueError, EOFError):
        raise Unusable(f"masks of {form.root} cannot be read", AGAIN) from None
    if highest < 1:
        raise Unusable(f"masks of {form.root} are missing or empty", AGAIN)
    return tuple(unnamed(number) for number in range(1, highest + 1))


def project_of(form: Frozen) -> str | None:
    """What the version's own project is called."""
    try:
        return DatasetContents.model_validate_json((form.root / "dataset.json").read_bytes()).project
    except (OSError, ValidationError):
        return None


def link(form: Frozen, samples: Iterable[Sample], tree: Tree) -> None:
    """The manifest's arrays, in shards or loose, in the job's channel; not a byte of them is changed.

    Raises:
        Unusable: there are no arrays.
    """
    shards = _shards(form)
    paths = [path for one in samples for path in _paths(one)]
    loose = [path for path in paths if (form.root / path).is_file()]
    if not shards and len(loose) < len(paths):
        raise Unusable(
            f"{form.root} lacks its arrays", "there are neither shards nor all files of the manifest"
        )
    for shard in shards:
        _link(shard, tree.images / "shards" / shard.name)
    for path in loose:
        _link(form.root / path, tree.images / path)


def _shards(form: Frozen) -> list[Path]:
    return sorted((form.root / "shards").glob("*.tar"))


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def _masks(samples: Sequence[Sample], form: Frozen) -> Iterator[tuple[str, bytes]]:
    wanted = {member_name(f"{one.image}.mask", one.mask.path): one.mask.path for one in samples if one.mask}
    for path in wanted.values():
        if (form.root / path).is_file():
            yield path, (form.root / path).read_bytes()
    for shard in _shards(form):
        with tarfile.open(shard) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.name in wanted else None
                if file is not None:
                    yield member.name, file.read()


def _values(name: str, content: bytes) -> Any:
    if name.endswith(VOLUME):
        return decode_volume(content).values
    return np.load(BytesIO(content), allow_pickle=False)


def left_out(form: Frozen) -> dict[str, int]:
    """What the version itself left out, by reason."""
    try:
        excluded = json.loads((form.root / "dataset.json").read_bytes())["excluded"]
        return {str(reason): int(count) for reason, count in excluded.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}

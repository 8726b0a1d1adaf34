"""A dataset version that `medloop dataset export` wrote, or that lies here as one: taken as it is."""

import json
import os
import shutil
import tarfile
from collections import Counter
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from events.dataset import DatasetContents, Sample, Task
from medloop.imaging.volumes import decode_volume
from medloop.rules.shards import member_name
from medloop.workbench.failures import Unusable
from medloop.workbench.forms import Frozen
from medloop.workbench.structures import written_names
from medloop.workbench.tree import Tree


def read_manifest(form: Frozen) -> tuple[Sample, ...]:
    """Raises Unusable: a line is no sample, or there is none."""
    samples = []
    for number, line in enumerate(form.manifest.read_bytes().splitlines(), start=1):
        try:
            samples.append(Sample.model_validate_json(line))
        except ValidationError:
            remedy = "export the version again with this medloop"
            raise Unusable(f"line {number} of {form.manifest} is no sample", remedy) from None
    if not samples:
        raise Unusable(f"{form.manifest} is empty", "export the version again")
    return tuple(samples)


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
    if task != "segmentation":
        return tuple(sorted({name for one in samples for name in one.labels}))
    # The dataset.json of an export names no structures.
    names = written_names(form.root)
    if names is not None:
        return tuple(names.values())
    highest = max(int(_values(content, name).max()) for name, content in _masks(samples, form))
    return tuple(f"structure {number}" for number in range(1, highest + 1))


def project_of(form: Frozen) -> str | None:
    """What the version's own project is called."""
    try:
        return DatasetContents.model_validate_json((form.root / "dataset.json").read_bytes()).project
    except (OSError, ValidationError):
        return None


def link(form: Frozen, samples: Iterable[Sample], tree: Tree) -> None:
    """The manifest, and every shard or loose array, in the job's channels; not a byte of them is changed.

    Raises:
        Unusable: there are no arrays.
    """
    shards = sorted(form.root.rglob("*.tar"))
    paths = [path for one in samples for path in (one.path, *([one.mask.path] if one.mask else []))]
    loose = [path for path in paths if (form.root / path).is_file()]
    if not shards and len(loose) < len(paths):
        raise Unusable(
            f"{form.root} lacks its arrays", "there are neither shards nor all files of the manifest"
        )
    for shard in shards:
        _link(shard, tree.images / "shards" / shard.name)
    for path in loose:
        _link(form.root / path, tree.images / path)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def _masks(samples: Sequence[Sample], form: Frozen) -> Iterable[tuple[str, bytes]]:
    wanted = {member_name(f"{one.image}.mask", one.mask.path): one.mask.path for one in samples if one.mask}
    for path in wanted.values():
        if (form.root / path).is_file():
            yield path, (form.root / path).read_bytes()
    for shard in sorted(form.root.rglob("*.tar")):
        with tarfile.open(shard) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.name in wanted else None
                if file is not None:
                    yield member.name, file.read()


def _values(content: bytes, name: str) -> Any:
    if name.endswith(".nii.gz"):
        return decode_volume(content).values
    return np.load(BytesIO(content), allow_pickle=False)


def counts_of(samples: Iterable[Sample]) -> dict[str, int]:
    """Samples on each side."""
    counted = Counter(one.split for one in samples)
    return {side: counted[side] for side in ("train", "validation", "test")}


def left_out(form: Frozen) -> dict[str, int]:
    """What the version itself left out, by reason."""
    try:
        excluded = json.loads((form.root / "dataset.json").read_bytes())["excluded"]
        return {str(reason): int(count) for reason, count in excluded.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}

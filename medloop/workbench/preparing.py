"""From a folder to the channels of a training job: read, deal the sides, pack."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal, assert_never

from pydantic import BaseModel, ConfigDict

from events.dataset import Sample, Task
from medloop.workbench.collection import Collection
from medloop.workbench.example import Example, LeftOut
from medloop.workbench.failures import Unusable
from medloop.workbench.folders import read_folders
from medloop.workbench.forms import Arrays, ClassFolders, Form, Frozen, Masked, Tabled
from medloop.workbench.frozen import classes_of, counts_of, left_out, link, read_manifest, task_of
from medloop.workbench.masked import read_masked
from medloop.workbench.medmnist import read_arrays
from medloop.workbench.packing import manifest_of, pack, samples_of
from medloop.workbench.remapping import with_values
from medloop.workbench.split import parse_shares, settle
from medloop.workbench.tables import read_tables
from medloop.workbench.taking import Progress, Workplace
from medloop.workbench.tree import Tree


class Request(BaseModel):
    """What data was asked for: a job's prepared data serves this, and nothing else."""

    model_config = ConfigDict(frozen=True)

    listing: str
    """SHA-256 over the folder's names, sizes and times."""
    project: str
    task: Task | None
    split: str


class Prepared(BaseModel):
    """`prepared.json`: what a job's data is."""

    model_config = ConfigDict(frozen=True)

    request: Request
    task: Task
    spatial_dims: Literal[2, 3]
    classes: tuple[str, ...]
    dataset: str
    """SHA-256 of the manifest."""
    items: dict[str, int]
    """Samples on each side."""
    left_out: dict[str, int]
    """Files that are not trained on, by reason."""
    notes: tuple[str, ...] = ()


def prepare(data: Path, form: Form, request: Request, tree: Tree, progress: Progress) -> Prepared:
    """Write the channels, and the summary last; what an interrupted attempt left is removed first.

    Raises:
        Unusable: nothing can be trained and judged on what there is.
    """
    for folder in (tree.input, tree.spool, tree.checkpoints):
        shutil.rmtree(folder, ignore_errors=True)
    tree.manifest.parent.mkdir(parents=True)
    if isinstance(form, Frozen):
        prepared = _taken_over(form, request, tree)
    else:
        root = data if data.is_dir() else data.parent
        where = Workplace(request.project, root, tree.spool, progress)
        prepared = _packed(_collected(form, request, where), request, tree, progress)
    shutil.rmtree(tree.spool, ignore_errors=True)
    tree.prepared.write_text(prepared.model_dump_json(indent=2), encoding="utf-8")
    return prepared


def earlier(tree: Tree) -> Prepared | None:
    """What an earlier run prepared here, if it came to its end."""
    if not tree.prepared.is_file():
        return None
    return Prepared.model_validate_json(tree.prepared.read_bytes())


def _collected(
    form: ClassFolders | Masked | Tabled | Arrays, request: Request, where: Workplace
) -> Collection:
    if isinstance(form, ClassFolders):
        return read_folders(form, where)
    if isinstance(form, Masked):
        return read_masked(form, where)
    if isinstance(form, Tabled):
        return read_tables(form, request.task, where)
    if isinstance(form, Arrays):
        return read_arrays(form, request.task, where)
    assert_never(form)


def _packed(found: Collection, request: Request, tree: Tree, progress: Progress) -> Prepared:
    task = _task(found, request.task)
    dims = _dims(found.examples)
    sides, kept, left = settle(found.examples, request.project, parse_shares(request.split))
    kept = with_values(kept, found.values, tree)
    samples = samples_of(kept, sides, found.classes, request.project)
    check_trainable(samples, task, found.classes)
    manifest = manifest_of(samples)
    pack(samples, kept, request.project, tree, progress)
    tree.manifest.write_bytes(manifest)
    _tell(found.left + left, tree)
    return Prepared(
        request=request,
        task=task,
        spatial_dims=dims,
        classes=found.classes,
        dataset=hashlib.sha256(manifest).hexdigest(),
        items=counts_of(samples),
        left_out=dict(sorted(Counter(one.reason for one in found.left + left).items())),
        notes=found.notes,
    )


def _taken_over(form: Frozen, request: Request, tree: Tree) -> Prepared:
    samples = read_manifest(form)
    task = task_of(samples, request.task)
    classes = classes_of(samples, task, form)
    check_trainable(samples, task, classes)
    volumes = sum(one.path.endswith(".nii.gz") for one in samples)
    dims = _one_kind(len(samples) - volumes, volumes)
    manifest = form.manifest.read_bytes()
    link(form, samples, tree)
    tree.manifest.write_bytes(manifest)
    tree.left_out.write_text("", encoding="utf-8")
    return Prepared(
        request=request,
        task=task,
        spatial_dims=dims,
        classes=classes,
        dataset=hashlib.sha256(manifest).hexdigest(),
        items=counts_of(samples),
        left_out=left_out(form),
    )


def _task(found: Collection, asked: Task | None) -> Task:
    """Raises Unusable: the folder's form cannot teach what was asked for."""
    if asked is None or asked == found.task:
        return found.task
    if asked == "multilabel" and found.task == "classification":
        return asked
    remedy = "leave --task away, or bring the data into another form; `medloop train --help` lists them"
    raise Unusable(f"the data is for {found.task}, not for {asked}", remedy)


def _dims(examples: Sequence[Example]) -> Literal[2, 3]:
    volumes = sum(one.image.dims == 3 for one in examples)
    return _one_kind(len(examples) - volumes, volumes)


def _one_kind(pictures: int, volumes: int) -> Literal[2, 3]:
    """Raises Unusable: both kinds, or nothing at all."""
    if pictures and volumes:
        remedy = "train on one kind; `medloop volumes` makes volumes of DICOM slices"
        raise Unusable(f"there are {pictures} pictures and {volumes} volumes", remedy)
    if not pictures and not volumes:
        raise Unusable("no image can be read", "`medloop inspect` says of every file why")
    return 3 if volumes else 2


def check_trainable(samples: Sequence[Sample], task: Task, classes: Sequence[str]) -> None:
    """What the container would refuse later.

    Raises:
        Unusable: a side is empty, or a class has no training image.
    """
    counts = counts_of(samples)
    if empty := [side for side, count in counts.items() if not count]:
        found = f"{len(samples)} images of {len({one.group for one in samples})} patients"
        raise Unusable(f"no image is left for {empty[0]}: there are {found}", "more images are needed")
    if task == "classification" and len(classes) < 2:
        raise Unusable("there is only one class", "classification tells at least two apart")
    learnt = {name for one in samples if one.split == "train" for name in one.labels}
    if task != "segmentation" and (missing := sorted(set(classes) - learnt)):
        raise Unusable(f"no training image of class {', '.join(missing)}", "more images of it are needed")


def _tell(left: Iterable[LeftOut], tree: Tree) -> None:
    """Names of the owner's own files, in the owner's own folder."""
    lines = (json.dumps(asdict(one), ensure_ascii=True) + "\n" for one in left)
    tree.left_out.write_text("".join(lines), encoding="utf-8")

"""From a folder to the channels of a training job: read, deal the sides, pack."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, assert_never

from pydantic import BaseModel, ConfigDict, ValidationError

from events.dataset import Sample, Task
from medloop.workbench.collection import Collection
from medloop.workbench.encoding import VOLUME
from medloop.workbench.exclusions import count_reasons, summary, write_left_out
from medloop.workbench.failures import Unusable
from medloop.workbench.folders import read_folders
from medloop.workbench.forms import Arrays, ClassFolders, Form, Frozen, Masked, Tabled
from medloop.workbench.frozen import classes_of, left_out, link, read_manifest, task_of
from medloop.workbench.masked import read_masked
from medloop.workbench.medmnist import read_arrays
from medloop.workbench.packing import counts_of, manifest_of, pack, samples_of
from medloop.workbench.remapping import with_values
from medloop.workbench.split import parse_shares, settle
from medloop.workbench.tables import read_tables
from medloop.workbench.taking import Progress, Workplace
from medloop.workbench.tree import Tree
from medloop.workbench.writing import write_whole

MORE: Final = "more images are needed"

MOST_NAMED: Final = 5
"""Classes in one sentence."""


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
    tree.prepared.unlink(missing_ok=True)
    for folder in (tree.input, tree.spool, tree.checkpoints, tree.output, tree.trained):
        shutil.rmtree(folder, ignore_errors=True)
    tree.manifest.parent.mkdir(parents=True)
    if isinstance(form, Frozen):
        prepared = _taken_over(form, request, tree)
    else:
        root = data if data.is_dir() else data.parent
        where = Workplace(request.project, root, tree.spool, progress)
        prepared = _packed(_collected(form, request, where), request, tree, progress)
    shutil.rmtree(tree.spool, ignore_errors=True)
    write_whole(tree.prepared, prepared.model_dump_json(indent=2))
    return prepared


def earlier(tree: Tree) -> Prepared | None:
    """What an earlier run prepared here, if it came to its end."""
    try:
        return Prepared.model_validate_json(tree.prepared.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


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
    task = task_for(found.task, request.task)
    sides, kept, left = settle(found.examples, request.project, parse_shares(request.split))
    left_out = count_reasons(found.left + left)
    # Before anything is refused for what is missing.
    write_left_out(found.left + left, tree.left_out)
    kept = with_values(kept, found.values, tree)
    samples = samples_of(kept, sides, found.classes, request.project)
    remedy = f"{tree.left_out} tells what is wrong: {summary(left_out)}" if left_out else MORE
    dims = check_trainable(samples, task, found.classes, remedy)
    manifest = manifest_of(samples)
    pack(samples, kept, request.project, tree, progress)
    tree.manifest.write_bytes(manifest)
    return Prepared(
        request=request,
        task=task,
        spatial_dims=dims,
        classes=found.classes,
        dataset=hashlib.sha256(manifest).hexdigest(),
        items=counts_of(samples),
        left_out=left_out,
        notes=found.notes,
    )


def _taken_over(form: Frozen, request: Request, tree: Tree) -> Prepared:
    samples = read_manifest(form)
    task = task_of(samples, request.task)
    classes = classes_of(samples, task, form)
    dims = check_trainable(samples, task, classes)
    manifest = form.manifest.read_bytes()
    link(form, samples, tree)
    tree.manifest.write_bytes(manifest)
    write_left_out([], tree.left_out)
    return Prepared(
        request=request,
        task=task,
        spatial_dims=dims,
        classes=classes,
        dataset=hashlib.sha256(manifest).hexdigest(),
        items=counts_of(samples),
        left_out=left_out(form),
    )


def task_for(told: Task, asked: Task | None) -> Task:
    """`told` is what the data says of itself.

    Raises:
        Unusable: it cannot teach what was asked for.
    """
    if asked is None or asked == told:
        return told
    if asked == "multilabel" and told == "classification":
        return asked
    remedy = "leave --task away, or bring the data into another form; `medloop train --help` lists them"
    raise Unusable(f"the data is for {told}, not {asked}", remedy)


def check_trainable(
    samples: Sequence[Sample], task: Task, classes: Sequence[str], remedy: str = MORE
) -> Literal[2, 3]:
    """The images' dimensions.

    Raises:
        Unusable: they are of both kinds, a side is empty, or a class has no training image: what the
            container would refuse later.
    """
    if not samples:
        raise Unusable("there is no image that can be trained on", remedy)
    dims = _dims(samples)
    if task == "classification" and len(classes) < 2:
        raise Unusable("there is only one class", "classification tells at least two apart")
    if not classes:
        raise Unusable("no image shows any class", "name some in the tables")
    _check_classes(samples, task, classes, remedy)
    if empty := [side for side, count in counts_of(samples).items() if not count]:
        found = f"{len(samples)} images of {len({one.group for one in samples})} patients"
        raise Unusable(f"no image is left for {empty[0]}: there are {found}", remedy)
    return dims


def _dims(samples: Sequence[Sample]) -> Literal[2, 3]:
    volumes = sum(one.path.endswith(VOLUME) for one in samples)
    pictures = len(samples) - volumes
    if pictures and volumes:
        remedy = "train on one kind; `medloop volumes` makes volumes of DICOM slices"
        raise Unusable(f"there are {pictures} pictures and {volumes} volumes", remedy)
    return 3 if volumes else 2


def _check_classes(samples: Sequence[Sample], task: Task, classes: Sequence[str], remedy: str) -> None:
    learnt = {name for one in samples if one.split == "train" for name in one.labels}
    missing = [] if task == "segmentation" else sorted(set(classes) - learnt)
    if missing:
        others = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        raise Unusable(f"no training image shows {', '.join(missing[:MOST_NAMED])}{others}", remedy)

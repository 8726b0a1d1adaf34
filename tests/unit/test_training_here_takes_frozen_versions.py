"""A dataset version as it was exported is taken as it is, or refused before anything is copied."""

import json
from pathlib import Path

import pytest

from events.dataset import Sample
from medloop.workbench.failures import Unusable
from medloop.workbench.forms import Form, Frozen, recognise
from medloop.workbench.frozen import classes_of, link, read_manifest, task_of
from medloop.workbench.preparing import Prepared, Request, prepare
from medloop.workbench.tree import Tree
from tests.homely import classes, masked


def silent(what: str, done: int, total: int) -> None:
    """Nobody watches."""


def prepared(root: Path, out: Path) -> tuple[Prepared, Tree]:
    tree = Tree(out)
    request = Request(listing="", project="chest", task=None, split="80/10/10")
    return prepare(root, recognise(root), request, tree, silent), tree


def exported(root: Path, out: Path) -> Path:
    """As `medloop dataset export` lays it out."""
    _, tree = prepared(root, out)
    folder = out / "exported"
    (folder / "shards").mkdir(parents=True)
    (folder / "manifest.jsonl").write_bytes(tree.manifest.read_bytes())
    for shard in (tree.images / "shards").iterdir():
        (folder / "shards" / shard.name).write_bytes(shard.read_bytes())
    return folder


def frozen(folder: Path) -> Frozen:
    form: Form = recognise(folder)
    assert isinstance(form, Frozen)
    return form


def test_not_a_byte_is_changed(tmp_path: Path) -> None:
    folder = exported(classes(tmp_path / "data", ("cat", "dog")), tmp_path / "out")
    found, tree = prepared(folder, tmp_path / "again")
    assert found.classes == ("cat", "dog")
    assert found.items == {"train": 6, "validation": 2, "test": 2}
    assert tree.manifest.read_bytes() == (folder / "manifest.jsonl").read_bytes()
    for shard in (folder / "shards").iterdir():
        assert (tree.images / "shards" / shard.name).read_bytes() == shard.read_bytes()


def test_masks_tell_how_many_structures_there_are(tmp_path: Path) -> None:
    folder = exported(masked(tmp_path / "data", 5, values=(0, 85, 170)), tmp_path / "out")
    found, _ = prepared(folder, tmp_path / "again")
    assert (found.task, found.classes) == ("segmentation", ("structure 1", "structure 2"))


def test_the_task_is_what_all_samples_can_teach(tmp_path: Path) -> None:
    samples = read_manifest(frozen(exported(classes(tmp_path / "data", ("cat", "dog")), tmp_path / "out")))
    assert task_of(samples, None) == "classification"
    assert task_of(samples, "multilabel") == "multilabel"
    with pytest.raises(Unusable, match="none for segmentation"):
        task_of(samples, "segmentation")
    bare = [one.model_copy(update={"labels": ()}) for one in samples]
    assert task_of([*samples, *bare], None) == "multilabel"
    with pytest.raises(Unusable, match="neither labels nor masks"):
        task_of(bare, None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{}", "line 11 of .* is no sample"),
        ("text", "line 11 of .* is no sample"),
        ("/etc/hostname", "names a file outside"),
        ("../../secret.npy", "names a file outside"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_refused(tmp_path: Path, line: str, said: str) -> None:
    folder = exported(classes(tmp_path / "data", ("cat", "dog")), tmp_path / "out")
    manifest = folder / "manifest.jsonl"
    first = json.loads(manifest.read_bytes().splitlines()[0])
    text = json.dumps(first | {"path": line}) if "/" in line else line
    manifest.write_text(manifest.read_text() + text + "\n")
    with pytest.raises(Unusable, match=said):
        read_manifest(frozen(folder))


def test_an_empty_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text("")
    with pytest.raises(Unusable, match="is empty"):
        read_manifest(frozen(tmp_path))


def samples_of(folder: Path) -> tuple[Sample, ...]:
    return read_manifest(frozen(folder))


def test_without_arrays_there_is_nothing_to_link(tmp_path: Path) -> None:
    folder = exported(classes(tmp_path / "data", ("cat", "dog")), tmp_path / "out")
    for shard in (folder / "shards").iterdir():
        shard.unlink()
    with pytest.raises(Unusable, match="lacks its arrays"):
        link(frozen(folder), samples_of(folder), Tree(tmp_path / "again"))


@pytest.mark.parametrize("damage", ["cut short", "gone"])
def test_masks_that_cannot_be_read_are_refused(tmp_path: Path, damage: str) -> None:
    folder = exported(masked(tmp_path / "data", 5), tmp_path / "out")
    for shard in (folder / "shards").iterdir():
        shard.write_bytes(shard.read_bytes()[:900]) if damage == "cut short" else shard.unlink()
    with pytest.raises(Unusable, match="cannot be read|missing or empty"):
        classes_of(samples_of(folder), "segmentation", frozen(folder))

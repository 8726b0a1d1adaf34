"""Examples with their sides into a dataset version as it is frozen: a manifest, and shards."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from events.dataset import Mask, Sample, Split
from medloop.rules.shards import END, Extent, Plan, header, padding, plan_shards
from medloop.workbench.example import Example, Stored
from medloop.workbench.spool import Place, Spooled
from medloop.workbench.taking import Progress
from medloop.workbench.tree import Tree


def samples_of(
    examples: Sequence[Example], sides: Mapping[str, Split], classes: Sequence[str], project: str
) -> tuple[Sample, ...]:
    """By image id, as in a frozen version."""
    patients = {one.group for one in examples if one.image.patient}
    # Numbers, not pseudonyms: the key of these is no secret.
    names = {group: f"patient-{number}" for number, group in enumerate(sorted(patients), start=1)}
    order = {name: number for number, name in enumerate(classes)}
    made = (
        Sample(
            image=one.image.id,
            path=path_of(one.image, project),
            sha256=one.image.sha256,
            labels=tuple(sorted(one.labels, key=lambda name: order[name])),
            split=sides[one.group],
            group=names.get(one.group, one.group),
            content=one.image.content,
            source=one.source or one.image.id,
            line=one.line,
            mask=None if one.mask is None else _mask(one.mask, project),
        )
        for one in examples
    )
    return tuple(sorted(made, key=lambda sample: sample.image))


def counts_of(samples: Iterable[Sample]) -> dict[str, int]:
    """Samples on each side."""
    counted = Counter(one.split for one in samples)
    return {side: counted[side] for side in get_args(Split)}


def path_of(stored: Stored, project: str) -> str:
    return f"images/{project}/{stored.id}{stored.ending}"


def _mask(stored: Stored, project: str) -> Mask:
    return Mask(path=path_of(stored, project), sha256=stored.sha256, source=stored.id)


def manifest_of(samples: Iterable[Sample]) -> bytes:
    """One JSON line per sample: its SHA-256 is the dataset's id."""
    return "".join(sample.model_dump_json(exclude_defaults=True) + "\n" for sample in samples).encode()


def pack(
    samples: Sequence[Sample], examples: Iterable[Example], project: str, tree: Tree, progress: Progress
) -> None:
    """Write the shards of the images channel."""
    places: dict[str, Place] = {}
    sizes: dict[str, int] = {}
    for one in examples:
        for stored in (one.image, *([one.mask] if one.mask else [])):
            places[path_of(stored, project)] = stored.place
            sizes[one.image.id] = sizes.get(one.image.id, 0) + stored.place.size
    # They are all there at once, so none arrived before another.
    extents = {image: Extent(size, 0.0) for image, size in sizes.items()}
    done = 0
    (tree.images / "shards").mkdir(parents=True, exist_ok=True)
    with Spooled(tree.spool) as spooled:
        for plan in plan_shards(samples, extents):
            _write(plan, places, spooled, tree)
            done += plan.samples
            progress("packing", done, len(samples))


def _write(plan: Plan, places: Mapping[str, Place], spooled: Spooled, tree: Tree) -> None:
    with (tree.images / "shards" / plan.name).open("wb") as shard:
        for member in plan.members:
            content = spooled.read(places[member.path])
            shard.write(header(member.name, len(content)))
            shard.write(content)
            shard.write(padding(len(content)))
        shard.write(END)

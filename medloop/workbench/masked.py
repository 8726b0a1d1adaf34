"""Images and their masks, in two folders: a mask is called as its image is."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from medloop.rules import candidates
from medloop.rules.labels import Label, mask_label
from medloop.rules.matching import Match, fits, match, stem_of
from medloop.rules.matching import Place as Where
from medloop.workbench.collection import Collection
from medloop.workbench.example import Example, LeftOut, Stored
from medloop.workbench.exclusions import IMAGE_LEFT_OUT, MASK_LEFT_OUT, NO_IMAGE
from medloop.workbench.failures import Unusable
from medloop.workbench.forms import Masked
from medloop.workbench.listing import files_in
from medloop.workbench.mask_names import without_ending
from medloop.workbench.structures import name_structures, written_names
from medloop.workbench.taking import Taken, Workplace, take

_ALWAYS: Final = datetime(2000, 1, 1, tzinfo=UTC)

_LEFT_OUT: Final = {candidates.Left.UNMASKED.value: MASK_LEFT_OUT, NO_IMAGE: IMAGE_LEFT_OUT}

_CHANNEL: Final = "_0000"
"""nnU-Net's ending of the first, or only, channel of a case."""


def read_masked(form: Masked, where: Workplace) -> Collection:
    """Raises Unusable: the structures' names do not fit the masks."""
    images, masks = files_in(form.images), files_in(form.masks)
    if any(path.name.split(".")[0].endswith("_0001") for path in images):
        raise Unusable("some cases have several channels", "keep one channel of each case in the folder")
    taken = take([*images, *masks], where, form.masks)
    drawn = {image.id: image for path, image in taken.stored.items() if path.is_relative_to(form.masks)}
    shown = {path: image for path, image in taken.stored.items() if image.id not in drawn}
    called = {path: _name(path, form.images) for path in images}
    called |= _targets(masks, form, set(called.values()))
    found = match(
        [Where(image.id, "images", called[path]) for path, image in shown.items()],
        [
            _label(called[path], image, where.project)
            for path, image in taken.stored.items()
            if image.id in drawn
        ],
    )
    examples, left = _masked(shown.values(), found.masks, drawn)
    used = {one.label.source for matches in found.masks.values() for one in matches}
    left += [LeftOut(mask.path, NO_IMAGE) for mask in drawn.values() if mask.id not in used]
    left = _with_other_half(left, taken, called)
    written = written_names(form.root)
    if not examples:
        return Collection("segmentation", (), [], taken.left + left)
    structures = name_structures({mark for one in examples if one.mask for mark in one.mask.marks}, written)
    return Collection("segmentation", structures.names, examples, taken.left + left, structures.values)


def _name(path: Path, folder: Path) -> str:
    """What an image's mask is called, too, but for the ending."""
    stem, dot, endings = path.name.partition(".")
    plain = stem.removesuffix(_CHANNEL) + dot + endings
    return path.with_name(plain).relative_to(folder).as_posix()


def _targets(masks: Iterable[Path], form: Masked, images: Iterable[str]) -> dict[Path, str]:
    """Which image each mask names: its own name, or where no image has that, the name without `_mask`."""
    stems = {stem for name in images for stem in (stem_of(name), stem_of(name.rpartition("/")[2]))}
    targets = {}
    for path in masks:
        own = path.relative_to(form.masks).as_posix()
        is_exact = stem_of(own) in stems or stem_of(path.name) in stems
        targets[path] = own if is_exact else without_ending(own)
    return targets


def _with_other_half(left: Iterable[LeftOut], taken: Taken, called: Mapping[Path, str]) -> list[LeftOut]:
    """Where the other half is there but was left out, that is the reason, and not that there is none."""
    unread = {stem_of(name) for path, name in called.items() if path not in taken.stored}
    halves = {one.path for path, one in taken.stored.items() if stem_of(called[path]) in unread}
    return [
        replace(one, reason=_LEFT_OUT.get(one.reason, one.reason)) if one.path in halves else one
        for one in left
    ]


def _label(target: str, mask: Stored, project: str) -> Label:
    return mask_label(target, project, mask.id, (_ALWAYS, ""), _ALWAYS, (mask.id, mask.sha256), mask.geometry)


def _masked(
    images: Iterable[Stored], masks: Mapping[str, list[Match]], drawn: Mapping[str, Stored]
) -> tuple[list[Example], list[LeftOut]]:
    examples, left = [], []
    for image in images:
        found = masks.get(image.id, [])
        reason = _trouble(image, found)
        if reason is not None:
            left.append(LeftOut(image.path, reason.value))
        else:
            mask = drawn[found[0].label.source]
            examples.append(Example(image, mask=mask, source=mask.id))
    return examples, left


def _trouble(image: Stored, found: list[Match]) -> candidates.Left | None:
    if not found:
        return candidates.Left.UNMASKED
    if found[0].ambiguous or len({one.label.source for one in found}) > 1:
        return candidates.Left.AMBIGUOUS_LABEL
    if not fits(found[0].label.facts, image.geometry):
        return candidates.Left.MASK_MISMATCH
    return None

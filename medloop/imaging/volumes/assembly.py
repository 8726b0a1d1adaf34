"""The slices of one series, in any order, into volumes: one for each geometry and occasion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.picture import Facts, Volume
from medloop.imaging.values import check_varied
from medloop.imaging.volumes.filling import fill
from medloop.rules.project import Series
from medloop.rules.reasons import Reason, Refused
from medloop.rules.series import Frame
from medloop.rules.stacks.grouping import group_frames
from medloop.rules.stacks.plan import plan_stack

MAX_VOLUME_VALUES: Final = 2**28
"""1 GiB as float32: a thousand slices of 512 x 512, and what a function can hold with its encoded copy."""


@dataclass(frozen=True, eq=False)
class Slice:
    """One frame, its pixels read when they are needed; more than once where copies are compared."""

    frame: Frame
    load: Callable[[], NDArray[np.float32]]
    """Rows x columns."""


@dataclass(frozen=True, eq=False)
class Stack:
    """What one group of frames became: a volume, or the reason why not."""

    volume: Volume | None
    refusal: Refused | None
    facts: Facts
    """Numbers and words of closed lists. Of a refusal: its reason and what was measured."""


def assemble(slices: Sequence[Slice], policy: Series) -> list[Stack]:
    """Volumes are right-handed, i along the rows (column index), j down the columns, k along the normal.

    The result does not depend on the order of `slices`. A volume whose slices were taken several times has a
    fourth axis, in the order of time. Localizers are left out, and counted in the facts.
    Takes the memory of one volume at a time beside those that are returned.

    Raises:
        Refused: what a slice's `load` raises.
    """
    sized = [_sized(one) for one in slices]
    grouping = group_frames([one.frame for one in sized], policy.spacing_tolerance)
    stacks = [_stack(group, sized, policy) for group in grouping.groups]
    if grouping.homeless:
        facts: Facts = {"frames": len(grouping.homeless)}
        stacks.append(_refused(Refused(Reason.SERIES_NO_GEOMETRY, facts), {}))
    if not stacks:
        short: Facts = {"places": 0, "minimum_slices": policy.minimum_slices}
        stacks.append(_refused(Refused(Reason.SERIES_TOO_SHORT, short), {}))
    if grouping.localizers:
        for stack in stacks:
            stack.facts["localizers"] = len(grouping.localizers)
    return stacks


def _sized(one: Slice) -> Slice:
    """With the size of its pixels noted."""
    if one.frame.rows and one.frame.columns:
        return one
    shape = one.load().shape
    size = {"rows": shape[0], "columns": shape[1], "channels": shape[2] if len(shape) > 2 else 1}
    return Slice(one.frame.model_copy(update=size), one.load)


def _stack(group: Sequence[int], slices: Sequence[Slice], policy: Series) -> Stack:
    frames = [one.frame for one in slices]

    def equal(a: int, b: int) -> bool:
        return np.array_equal(slices[a].load(), slices[b].load())

    described = describe(frames[group[0]], len(group))
    try:
        plan = plan_stack(group, frames, equal, policy)
        columns, rows, depth = plan.shape
        size: Facts = {"columns": columns, "rows": rows, "slices": depth, "times": len(plan.moments)}
        if columns * rows * depth * len(plan.moments) > MAX_VOLUME_VALUES:
            raise Refused(Reason.DECLARED_SIZE_TOO_LARGE, {**size, "limit_values": MAX_VOLUME_VALUES})
        values, affine = fill(plan, [one.load for one in slices])
        check_varied(values, size)
    except Refused as refusal:
        return _refused(refusal, described)
    size |= {"columns": values.shape[0], "rows": values.shape[1]}
    usual: Facts = {"format": "series", "channels": 1, "spacing": "calibrated"}
    facts = usual | described | size | plan.facts
    return Stack(Volume(values, affine, facts), None, dict(facts))


def describe(frame: Frame, frames: int) -> Facts:
    """What tells this group from others of its series."""
    facts: Facts = {"frames": frames, "acquisition": frame.acquisition}
    if frame.kind:
        facts["kind"] = frame.kind
    if frame.echo:
        facts["echo_ms"] = round(frame.echo, 3)
    if frame.b_value is not None:
        facts["b_value"] = round(frame.b_value, 1)
    return facts


def _refused(refusal: Refused, described: Facts) -> Stack:
    facts = {**described, **refusal.facts, "reason": refusal.reason.value}
    return Stack(None, Refused(refusal.reason, {**described, **refusal.facts}), facts)

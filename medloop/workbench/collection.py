"""Everything that a folder offers, whatever form it is in."""

from dataclasses import dataclass, field

from events.dataset import Task
from medloop.workbench.example import Example, LeftOut


@dataclass(frozen=True)
class Collection:
    task: Task
    classes: tuple[str, ...]
    """Of a segmentation, the structures: the first one is 1 in every mask."""
    examples: list[Example]
    left: list[LeftOut]
    values: dict[int, int] = field(default_factory=dict)
    """Of a segmentation: value in the masks as they are → value in the masks as they shall be."""
    notes: tuple[str, ...] = ()
    """What else their owner should know, in sentences."""

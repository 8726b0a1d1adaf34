"""A sample of several slices: each taken in by itself, then assembled into volumes."""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medloop.imaging.picture import Picture, Volume
from medloop.imaging.volumes import Slice, assemble
from medloop.intake import Prepared
from medloop.rules.project import Project
from medloop.rules.reasons import Reason
from medloop.selftest.case import Judgement
from medloop.selftest.file import File, take_in
from medloop.selftest.forge.series import field
from medloop.selftest.policies import DEFAULT

Shapes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Series:
    """`slices` in the order of arrival; `stacks` is what becomes of them, in any order."""

    name: str
    slices: tuple[bytes, ...]
    volumes: Shapes
    """The shape of every volume, axes in any order."""
    refusals: tuple[Reason, ...] = ()
    project: Project = DEFAULT
    within: float = 0.51
    """How far a voxel may be from the field: the slices are rounded."""
    margin: int = 0
    """Voxels at the edges that show what lies outside of the slices."""

    @property
    def expected(self) -> str:
        return _words(len(self.volumes), self.refusals)

    @property
    def uploads(self) -> Mapping[str, bytes]:
        return {f"images/{self.name}/{number:03d}.dcm": content for number, content in enumerate(self.slices)}

    @property
    def verdicts(self) -> Mapping[str, str]:
        return dict.fromkeys(self.uploads, "accepted")

    @property
    def last(self) -> Set[str]:
        return set()

    def judge(self) -> Judgement:
        surprises = [found for file in self._files() for found in file.judge().surprises]
        stacks = [stack for slices in self._by_series() for stack in assemble(slices, self.project.series)]
        volumes = [stack.volume for stack in stacks if stack.volume is not None]
        refusals = [stack.refusal.reason for stack in stacks if stack.refusal is not None]
        got = _words(len(volumes), refusals)
        if got != self.expected:
            surprises.append(f"expected {self.expected}, got {got} {[stack.facts for stack in stacks]}")
        surprises += [found for volume in volumes for found in self._look_at(volume)]
        shapes = sorted(tuple(sorted(volume.values.shape)) for volume in volumes)
        if shapes != sorted(tuple(sorted(shape)) for shape in self.volumes):
            surprises.append(f"volumes are {shapes}")
        return Judgement(got, tuple(surprises))

    def _files(self) -> Iterator[File]:
        for key, content in self.uploads.items():
            yield File("", content, "accepted", self.project, key=key)

    def _by_series(self) -> list[list[Slice]]:
        found: dict[str, list[Slice]] = {}
        for file in self._files():
            prepared = take_in(
                f"{self.project.project}/{file.key}", file.content, self.project, file.released
            )
            assert prepared is not None
            found.setdefault(prepared.names.series, []).extend(slices_of(prepared))
        return list(found.values())

    def _look_at(self, volume: Volume) -> Iterator[str]:
        """Every voxel shows what the field shows at the place where the affine puts it."""
        indices = np.moveaxis(np.indices(volume.values.shape[:3]), 0, -1)
        places = indices @ volume.affine[:3, :3].T + volume.affine[:3, 3]
        apart = (volume.values - field(places)) % 1000  # a second echo is a thousand brighter
        apart = np.minimum(apart, 1000 - apart)
        inner = apart[tuple(slice(self.margin, size - self.margin) for size in apart.shape[:2])]
        if float(inner.max()) > self.within:
            yield f"voxels are up to {inner.max():g} from what lies at their place"


def slices_of(prepared: Prepared) -> list[Slice]:
    """One for each frame."""
    picture = prepared.image
    assert isinstance(picture, Picture)
    several = len(picture.frames) > 1
    return [
        Slice(frame, _loader(picture.values[number] if several else picture.values))
        for number, frame in enumerate(picture.frames)
    ]


def _loader(values: NDArray[np.float32]) -> Callable[[], NDArray[np.float32]]:
    return lambda: values


def _words(volumes: int, refusals: list[Reason] | tuple[Reason, ...]) -> str:
    counted = [f"{volumes} volume{'s' * (volumes != 1)}"] if volumes or not refusals else []
    return " + ".join([*counted, *sorted(reason.value for reason in refusals)])

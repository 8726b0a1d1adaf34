"""One value all over is what failed exports leave; in slices of a volume and in masks it means something."""

from typing import Any, Literal

import numpy as np
import pytest
from pydicom import uid

from medloop.imaging.read import read_image
from medloop.imaging.volumes import Slice, assemble
from medloop.intake import Prepared, prepare
from medloop.rules.project import Project, Series
from medloop.rules.reasons import Reason, Refused
from medloop.selftest.forge.nifti import nifti
from tests.images import dataset as described
from tests.images import dicom, png, written
from tests.slices import stack

AIR = np.full((8, 6), 7, "u2")
EMPTY_VOLUME = nifti(np.zeros((4, 3, 5), "i2"))


def taken(data: bytes, dims: Literal[2, 3] = 2, released: frozenset[Reason] = frozenset()) -> Prepared:
    project = Project(project="knees", classes=("a", "b"), spatial_dims=dims)
    return prepare(data, "knees/images/scan", project, bytes(32), released)


def frames(**changes: Any) -> bytes:
    made = described(AIR, SOPClassUID=uid.NuclearMedicineImageStorage, Modality="NM", **changes)
    made.NumberOfFrames, made.PixelData = 3, 3 * AIR.tobytes()
    return written(made)


@pytest.mark.parametrize("data", [png(AIR), dicom(AIR), frames(), EMPTY_VOLUME])
def test_a_picture_or_a_volume_is_refused_with_its_value(data: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        taken(data)
    assert refusal.value.reason is Reason.CONSTANT_IMAGE
    assert refusal.value.facts["value"] in (0, 7)
    assert "format" in refusal.value.facts


def test_a_slice_of_a_volume_may_be_all_air() -> None:
    assert (taken(dicom(AIR), dims=3).image.values == 7).all()


@pytest.mark.parametrize("data", [png(AIR), frames(), EMPTY_VOLUME])
def test_what_is_a_volume_by_itself_may_not(data: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        taken(data, dims=3)
    assert refusal.value.reason is Reason.CONSTANT_IMAGE


@pytest.mark.parametrize("data", [png(AIR), dicom(AIR), EMPTY_VOLUME])
def test_a_person_may_let_it_pass_as_a_mask_does(data: bytes) -> None:
    released = frozenset({Reason.CONSTANT_IMAGE})
    assert np.ptp(taken(data, released=released).image.values) == 0


def test_reading_alone_decides_nothing() -> None:
    assert (read_image(dicom(AIR)).values == 7).all()


def test_slices_of_air_among_others_make_a_volume() -> None:
    first, *others = stack(4)
    (made,) = assemble([blank(first), *others], Series())
    assert made.volume is not None


def test_slices_of_nothing_but_air_make_none() -> None:
    (made,) = assemble([blank(one) for one in stack(4)], Series())
    assert made.volume is None and made.refusal is not None
    assert made.refusal.reason is Reason.CONSTANT_IMAGE
    assert (made.facts["reason"], made.facts["slices"]) == ("constant_image", 4)


def blank(one: Slice) -> Slice:
    return Slice(one.frame, lambda: np.full_like(one.load(), -1000))

"""Series of three vendors become the volumes that dcm2niix made of them, at the same place in space."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.volumes import DATA, PAIRS, Difference, nearest, read, stacks_of, volumes_of

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason="no real images: set MEDLOOP_DATA"),
]

PHILIPS = "Philips_WIP_B0"
"""Its references are in a scale of Philips' own: nothing but a factor, or a hair of one, apart from ours."""


def compared(series: str, reference: str) -> Difference:
    found = nearest(volumes_of(DATA / "dicom" / series), read(DATA / "dicom" / reference))
    assert found is not None, "no volume of the reference's shape"
    return found


@pytest.mark.parametrize(("series", "reference", "what"), PAIRS, ids=[Path(pair[1]).stem for pair in PAIRS])
def test_same_voxels_at_the_same_place(series: str, reference: str, what: str) -> None:
    found = compared(series, reference)
    assert found.affine_mm < 1e-3
    if PHILIPS in reference:
        assert found.voxel < 1e-5
    else:
        assert (found.voxel, found.scale) == (0, 1)


def test_an_archive_that_renames_private_elements_changes_no_voxel() -> None:
    ours, agfa = (volumes_of(DATA / "dicom" / "dcm_qa_agfa" / folder) for folder in ("Siemens", "Agfa"))
    assert [volume.values.shape for volume in ours] == [(64, 64, 25, 4)]
    assert np.array_equal(ours[0].values, agfa[0].values)
    assert np.array_equal(ours[0].affine, agfa[0].affine)


def test_every_series_of_a_study_becomes_one_upright_volume() -> None:
    stacks = stacks_of(DATA / "dicom" / "mr_brain_study")
    shapes = sorted(stack.volume.values.shape for stack in stacks if stack.volume is not None)
    assert shapes == [(35, 51, 32), *[(512, 512, 22)] * 4]
    assert all(np.linalg.det(stack.volume.affine) > 0 for stack in stacks if stack.volume is not None)

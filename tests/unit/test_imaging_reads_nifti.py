"""NIfTI volumes come out as nibabel has them: values, axes, and where each voxel lies."""

import gzip
from collections.abc import Sequence
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from medloop.imaging.nifti.volume import read_nifti
from medloop.imaging.picture import Volume
from medloop.imaging.read import read_image
from medloop.rules.reasons import Reason, Refused
from medloop.selftest.forge.nifti import nifti

RANDOM = np.random.default_rng(31)
SHAPE = (5, 4, 3)
VOXELS = RANDOM.integers(-1000, 1000, SHAPE).astype("i2")
TURNED = nibabel.affines.from_matvec(
    nibabel.eulerangles.euler2mat(0.3, -0.2, 0.5) @ np.diag([2, 3, 4]), [-10, 20, -30]
)


def saved(values: NDArray[Any], version: int = 1, order: str = "<", **header: Any) -> bytes:
    """As nibabel writes it; `sform` and `qform` are pairs of affine and code."""
    kind = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    forms = {name: header.pop(name, (None, 0)) for name in ("sform", "qform")}
    scaling = header.pop("scaling", None)
    made = kind(values, None, kind.header_class(endianness=order))
    made.header.set_data_dtype(values.dtype.newbyteorder(order))
    made.header.set_sform(*forms["sform"])
    made.header.set_qform(*forms["qform"])
    made.header.set_xyzt_units(header.pop("units", "mm"), "sec")
    for field, value in header.items():
        made.header[field] = value
    data = bytearray(made.to_bytes())
    if scaling:
        at, layout = (112, "f4") if version == 1 else (176, "f8")
        packed = np.array(scaling, f"{order}{layout}").tobytes()
        data[at : at + len(packed)] = packed
    return bytes(data)


def theirs(data: bytes) -> nibabel.Nifti1Image:
    kind = nibabel.Nifti1Image if data[344:347] == b"n+1" else nibabel.Nifti2Image
    return kind.from_bytes(data)


def check(volume: Volume, data: bytes) -> None:
    reference = theirs(data)
    np.testing.assert_allclose(volume.values, np.asarray(reference.get_fdata()), rtol=1e-6)
    np.testing.assert_allclose(volume.affine, reference.affine, atol=1e-5)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_every_type_in_both_byte_orders(dtype: str, order: str, version: int) -> None:
    values = RANDOM.integers(0, 100, SHAPE).astype(dtype)
    data = saved(values, version, order, sform=(TURNED, 1))
    volume = read_nifti(data)
    np.testing.assert_array_equal(volume.values, values)
    assert volume.values.dtype == np.float32
    check(volume, data)


@pytest.mark.parametrize(
    "forms",
    [
        {"sform": (TURNED, 1)},
        {"qform": (TURNED, 1)},
        {"sform": (TURNED, 2), "qform": (np.diag([1.0, 1, 1, 1]), 1)},
        {},
    ],
    ids=["sform", "qform", "both", "none"],
)
def test_the_transform_that_counts(forms: dict[str, Any]) -> None:
    data = saved(VOXELS, pixdim=[1, 2, 3, 4, 1, 1, 1, 1], **forms) if not forms else saved(VOXELS, **forms)
    volume = read_nifti(data)
    check(volume, data)
    assert volume.facts["orientation"] == (next(iter(forms)) if forms else "unknown")


def test_a_mirrored_quaternion() -> None:
    mirrored = TURNED @ np.diag([1.0, 1, -1, 1])
    data = saved(VOXELS, qform=(mirrored, 1))
    np.testing.assert_allclose(read_nifti(data).affine, mirrored, atol=1e-5)


@pytest.mark.parametrize(("units", "factor"), [("meter", 1000.0), ("mm", 1.0), ("micron", 0.001)])
def test_places_are_in_millimetres(units: str, factor: float) -> None:
    volume = read_nifti(saved(VOXELS, sform=(TURNED, 1), units=units))
    np.testing.assert_allclose(volume.affine[:3], factor * TURNED[:3], rtol=1e-5)


@pytest.mark.parametrize("scaling", [(0.5, -1000.0), (-2.0, 7.0), (1e-3, 0.0)])
@pytest.mark.parametrize("version", [1, 2])
def test_slope_and_intercept(scaling: tuple[float, float], version: int) -> None:
    data = saved(VOXELS, version, scaling=scaling, sform=(TURNED, 1))
    check(read_nifti(data), data)


def test_a_slope_of_zero_is_none() -> None:
    volume = read_nifti(saved(VOXELS, scaling=(0.0, 5.0), sform=(TURNED, 1)))
    np.testing.assert_array_equal(volume.values, VOXELS)


def test_time_is_a_fourth_axis() -> None:
    series = RANDOM.integers(0, 100, (*SHAPE, 6)).astype("i2")
    data = saved(series, sform=(TURNED, 1))
    volume = read_nifti(data)
    check(volume, data)
    assert (volume.facts["slices"], volume.facts["times"], volume.facts["channels"]) == (3, 6, 1)


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 1), (5, 4, 1, 1)])
def test_a_plane_is_a_volume_of_one_slice(shape: Sequence[int]) -> None:
    plane = RANDOM.integers(0, 100, shape).astype("i2")
    volume = read_nifti(nifti(plane))
    np.testing.assert_array_equal(volume.values[..., 0], plane.reshape(5, 4))
    assert volume.values.shape == (5, 4, 1)


def test_colour_is_a_last_axis_of_three() -> None:
    colours = RANDOM.integers(0, 256, (*SHAPE, 3)).astype("u1")
    volume = read_nifti(nifti(colours, "rgb"))
    np.testing.assert_array_equal(volume.values, colours)
    assert (volume.facts["channels"], volume.facts["times"]) == (3, 1)


@pytest.mark.parametrize("name", [b"", b"a long name of a file, as gzip keeps it" * 30])
def test_gzip_is_seen_through(name: bytes) -> None:
    data = saved(VOXELS, sform=(TURNED, 1))
    packed = gzip.compress(data, mtime=0)
    if name:
        packed = packed[:3] + b"\x08" + packed[4:10] + name + b"\x00" + packed[10:]
    volume = read_image(packed)
    assert isinstance(volume, Volume)
    check(volume, data)


def test_a_gzip_that_contradicts_its_checksum_is_refused() -> None:
    packed = bytearray(gzip.compress(saved(VOXELS)))
    packed[-6] ^= 0x10
    with pytest.raises(Refused) as refusal:
        read_nifti(bytes(packed))
    assert refusal.value.reason is Reason.UNDECODABLE


def test_two_transforms_that_differ_are_noted() -> None:
    other = TURNED @ nibabel.affines.from_matvec(np.eye(3), [0, 0, 0.5])
    volume = read_nifti(saved(VOXELS, sform=(TURNED, 1), qform=(other, 1)))
    assert volume.facts["deviations"] == "affines_differ"
    assert "deviations" not in read_nifti(saved(VOXELS, sform=(TURNED, 1), qform=(TURNED, 1))).facts


def test_extensions_are_passed_over() -> None:
    made = nibabel.Nifti1Image(VOXELS, TURNED)
    made.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"CANARY of a comment"))
    volume = read_nifti(made.to_bytes())
    np.testing.assert_array_equal(volume.values, VOXELS)
    assert "CANARY" not in str(volume.facts)

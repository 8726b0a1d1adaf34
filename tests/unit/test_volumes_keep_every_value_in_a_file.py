"""Volumes come back from their files as they were; the same volume always makes the same bytes."""

import gzip
import struct
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from medloop.imaging.picture import Volume
from medloop.imaging.volumes import assemble, decode_volume, encode_volume
from medloop.rules.project import Series
from tests.slices import shuffled, stack

OBLIQUE = np.array([[-1.2, -0.3, 0.8, 91.5], [0.3, -1.1, 1.9, -40.25], [0.4, 0.9, 2.4, 7.125], [0, 0, 0, 1]])


def volume(values: Any, affine: NDArray[np.float64] = OBLIQUE, **facts: Any) -> Volume:
    return Volume(np.asarray(values, np.float32), affine, facts)


def ramp(*shape: int) -> NDArray[np.float32]:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def stored(content: bytes) -> Any:
    return nibabel.nifti1.Nifti1Image.from_bytes(gzip.decompress(content))


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 4, 5, 2), (1, 1, 1)])
def test_values_and_shape_come_back(shape: tuple[int, ...]) -> None:
    made = decode_volume(encode_volume(volume(ramp(*shape) - 7)))
    assert made.values.dtype == np.float32
    assert np.array_equal(made.values, ramp(*shape) - 7)


def test_the_fourth_axis_is_time() -> None:
    content = encode_volume(volume(ramp(3, 4, 5, 2)))
    assert decode_volume(content).facts.items() >= {"times": 2, "slices": 5, "rows": 4, "columns": 3}.items()
    assert np.array_equal(stored(content).dataobj[..., 1], ramp(3, 4, 5, 2)[..., 1])


def test_the_affine_is_as_exact_as_the_format() -> None:
    made = decode_volume(encode_volume(volume(ramp(2, 2, 2))))
    assert np.array_equal(made.affine, OBLIQUE.astype(np.float32).astype(np.float64))


def test_a_sheared_affine_survives() -> None:
    sheared = np.array([[1.0, 0, 0.2, 0], [0, 1.0, -0.1, 0], [0, 0, 3.0, 0], [0, 0, 0, 1]])
    made = decode_volume(encode_volume(volume(ramp(2, 2, 2), sheared)))
    assert np.allclose(made.affine, sheared, atol=1e-7)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([-32768, 0, 32767], "<i2"),
        ([0, 65535], "<u2"),
        ([-1, 65535], "<f4"),
        ([0, 0.5], "<f4"),
        ([0, np.nan], "<f4"),
        ([0, np.inf], "<f4"),
        ([0, 65536], "<f4"),
    ],
)
def test_the_smallest_type_that_loses_nothing_is_chosen(values: list[float], dtype: str) -> None:
    given = np.array(values, np.float32).reshape(-1, 1, 1)
    content = encode_volume(volume(given))
    assert stored(content).get_data_dtype() == np.dtype(dtype)
    assert np.array_equal(decode_volume(content).values, given, equal_nan=True)


def test_the_same_volume_makes_the_same_bytes_however_it_lies_in_memory() -> None:
    values = ramp(3, 4, 5)
    layouts = (values, np.asfortranarray(values), np.repeat(values, 2, axis=0)[::2])
    assert len({encode_volume(volume(layout)) for layout in layouts}) == 1


def test_files_hold_no_time_and_no_name() -> None:
    content = encode_volume(volume(ramp(2, 2, 2), format="series", modality="MR"))
    flags, written_at = content[3], struct.unpack("<I", content[4:8])[0]
    assert (flags, written_at) == (0, 0)
    header = stored(content).header
    assert {header[name].item() for name in ("descrip", "aux_file", "intent_name", "db_name")} == {b""}
    assert header.get_xyzt_units() == ("mm", "sec")


def test_colours_are_no_moments() -> None:
    content = encode_volume(volume(ramp(2, 2, 2, 3), channels=3))
    assert decode_volume(content).facts.items() >= {"channels": 3, "times": 1}.items()


def test_what_was_assembled_comes_back() -> None:
    (made,) = assemble(shuffled(stack()), Series())
    assert made.volume is not None
    again = decode_volume(encode_volume(made.volume))
    assert np.array_equal(again.values, made.volume.values)
    assert np.array_equal(again.affine, made.volume.affine)


def test_files_that_are_cut_short_are_no_volumes() -> None:
    content = encode_volume(volume(ramp(2, 2, 2)))
    plain = gzip.decompress(content)
    for whole in (content, plain):
        for length in range(len(whole)):
            with pytest.raises(ValueError):
                decode_volume(whole[:length])
    assert np.array_equal(decode_volume(plain).values, ramp(2, 2, 2))


@settings(max_examples=50, deadline=None)
@given(
    shape=st.lists(st.integers(1, 4), min_size=3, max_size=4),
    seed=st.integers(0, 99),
    scale=st.sampled_from([1.0, 1e-3, 1e6]),
    is_whole=st.booleans(),
)
def test_any_float32_survives(shape: list[int], seed: int, scale: float, is_whole: bool) -> None:
    values = (np.random.default_rng(seed).standard_normal(shape) * 1000 * scale).astype(np.float32)
    values = np.rint(values) if is_whole else values
    assert np.array_equal(decode_volume(encode_volume(volume(values))).values, values)

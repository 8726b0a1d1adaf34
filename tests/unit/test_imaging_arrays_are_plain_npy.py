"""Pictures are stored as .npy that numpy reads anywhere, the same bytes for the same picture."""

import io

import numpy as np
import pytest

from medloop.imaging.arrays import InvalidArray, decode_array, encode_array


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 3), (5, 3, 4), (5, 3, 4, 3)])
def test_a_picture_comes_back_as_it_was(shape: tuple[int, ...]) -> None:
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    stored = encode_array(values)
    np.testing.assert_array_equal(decode_array(stored), values)
    np.testing.assert_array_equal(np.load(io.BytesIO(stored), allow_pickle=False), values)


def test_memory_order_does_not_change_the_bytes() -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert encode_array(np.asfortranarray(values)) == encode_array(values)
    assert encode_array(values.astype(">f4")) == encode_array(values)


def saved(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=True)
    return buffer.getvalue()


GOOD = encode_array(np.zeros((2, 2), dtype=np.float32))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD[:20],
        GOOD[:-1],
        GOOD + b"\x00",
        GOOD.replace(b"(2, 2)", b"(9, 9)"),
        GOOD.replace(b"(2, 2)", b"(-2,2)"),
        GOOD.replace(b"(2, 2)", b"(2,9**9"),
        saved(np.array([[{"run": "me"}]], dtype=object)),
        saved(np.zeros((2, 2), dtype=np.float64)),
        saved(np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))),
        saved(np.zeros(4, dtype=np.float32)),
        saved(np.zeros((2, 2, 2, 4), dtype=np.float32)),
        saved(np.zeros((2, 2, 2, 2, 3), dtype=np.float32)),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidArray):
        decode_array(data)

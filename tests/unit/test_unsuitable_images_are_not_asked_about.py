"""A model of pictures is not asked about volumes, nor the other way round."""

import pytest

from medloop.rules.inputs import unsuitable


@pytest.mark.parametrize("dims", [2, 3])
def test_what_fits_is_asked_about(dims: int) -> None:
    assert unsuitable(dims, dims) is None


@pytest.mark.parametrize(
    ("dims", "spatial_dims", "reason"),
    [
        (3, 2, "the image is a volume, and the project's models take a picture"),
        (2, 3, "the image is a picture, and the project's models take a volume"),
        (4, 3, "the image has 4 axes, and the project's models take a volume"),
    ],
)
def test_what_does_not_is_explained(dims: int, spatial_dims: int, reason: str) -> None:
    assert unsuitable(dims, spatial_dims) == reason

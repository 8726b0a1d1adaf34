"""A copy of a slice counts once; a slice that looks like another but lies elsewhere is a slice."""

from datetime import UTC, datetime

from medloop.catalogue.images import Image
from medloop.catalogue.series import instances


def a_slice(name: str, pixels: str, place: int, duplicate_of: str | None = None) -> Image:
    return Image(
        name,
        "knees",
        "predict",
        None,
        "g",
        f"content-{name}",
        "path",
        pixels,
        "{}",
        datetime(2026, 1, 1, tzinfo=UTC),
        duplicate_of=duplicate_of,
        series="s",
        frames=f'[{{"position": [0, 0, {place}]}}]',
    )


def names(*rows: Image) -> list[str]:
    return [row.id for row in instances(rows)]


def test_a_copy_counts_once() -> None:
    assert names(a_slice("a", "x", 1), a_slice("b", "x", 1, duplicate_of="a")) == ["a"]


def test_the_same_pixels_at_another_place_are_another_slice() -> None:
    assert names(a_slice("a", "x", 1), a_slice("b", "x", 2, duplicate_of="a")) == ["a", "b"]


def test_a_slice_whose_pixels_another_series_has_as_well_is_not_missing_here() -> None:
    assert names(a_slice("b", "x", 2, duplicate_of="of another series")) == ["b"]

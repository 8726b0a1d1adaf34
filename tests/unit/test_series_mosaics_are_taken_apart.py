"""Mosaics of Siemens and United Imaging: the tiles of one picture are the slices of one moment."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from medloop.imaging.dicom.csa import csa_values
from medloop.imaging.dicom.image import read_dicom
from medloop.imaging.dicom.protocol import slice_table
from medloop.imaging.volumes import Slice, Stack, assemble
from medloop.rules.project import Series
from medloop.rules.reasons import Reason
from tests.images import dataset, written
from tests.slices import error_of, field

TILE, SLICES, SIDE = 4, 5, 3
POSITION = np.array([-6.0, -8.0, 10.0])
"""Of the first slice's first pixel, LPS; pixels are 2 mm, slices 3 mm apart."""


def csa(new: bool = True, **values: list[str]) -> bytes:
    """As Siemens writes it, in the newer or the older form."""
    mark = b"SV10\x04\x03\x02\x01" if new else b""
    content = mark + struct.pack("<II", len(values), 77)
    for name, texts in values.items():
        content += struct.pack("<64si4siii", name.encode(), len(texts), b"FD", 3, len(texts), 77)
        for text in texts:
            padded = text.encode() + bytes(4 - len(text) % 4)
            lengths = (0, len(padded), 77, 0) if new else (len(padded), 0, 77, 0)
            content += struct.pack("<4i", *lengths) + padded
    return content


def mosaic(normal: int = 1, moment: int = 0, csa_only: bool = False, **changes: Any) -> bytes:
    """The field, 5 tiles of 3x3; `normal` -1 numbers the slices downwards."""
    rows, columns = np.mgrid[:TILE, :TILE]
    pixels = np.zeros((SIDE * TILE, SIDE * TILE), "u2")
    for number in range(SLICES):
        place = POSITION + [0, 0, 3.0 * normal * number]
        lps = place + columns[..., None] * [2.0, 0, 0] + rows[..., None] * [0, 2.0, 0]
        top, left = number // SIDE * TILE, number % SIDE * TILE
        pixels[top : top + TILE, left : left + TILE] = field(lps * [-1, -1, 1]) + 500 + 100 * moment
    half = (SIDE - 1) * TILE / 2 * 2.0
    made = dataset(
        pixels,
        ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"],
        ImagePositionPatient=(POSITION - [half, half, 0]).tolist(),
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        PixelSpacing=[2, 2],
        SliceThickness=2,
        SpacingBetweenSlices=3,
        AcquisitionNumber=moment + 1,
        InstanceNumber=moment + 1,
        **changes,
    )
    if not csa_only:
        made.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0A, "US", SLICES)
    header = csa(NumberOfImagesInMosaic=[str(SLICES)], SliceNormalVector=["0", "0", f"{normal}.0"])
    made.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", header)
    return written(made)


def assembled(*files: bytes) -> Stack:
    slices = []
    for data in files:
        picture = read_dicom(data)
        slices.append(Slice(picture.frames[0], lambda values=picture.values: values))  # type: ignore[misc]
    (made,) = assemble(slices, Series())
    return made


@pytest.mark.parametrize("normal", [1, -1])
@pytest.mark.parametrize("csa_only", [False, True])
def test_tiles_become_slices_at_their_place(normal: int, csa_only: bool) -> None:
    volume = assembled(mosaic(normal, csa_only=csa_only)).volume
    assert volume is not None
    assert volume.values.shape == (TILE, TILE, SLICES)
    assert np.linalg.det(volume.affine) > 0
    volume.values[...] -= 500
    assert error_of(volume) < 1e-3


def test_moments_come_one_by_one_as_acquisitions() -> None:
    volume = assembled(mosaic(moment=1), mosaic(moment=0)).volume
    assert volume is not None
    assert volume.values.shape == (TILE, TILE, SLICES, 2)
    assert np.all(np.diff(volume.values, axis=3) == 100)


def test_the_same_mosaic_twice_is_one_moment() -> None:
    made = assembled(mosaic(), mosaic())
    assert made.volume is not None and made.volume.values.ndim == 3
    assert made.facts["copies"] == 1


def protocol(normal: int) -> str:
    """Slices are listed upwards, their centres; what is zero is left out."""
    middle = POSITION + [TILE, TILE, 0]
    lowest = middle if normal > 0 else middle - [0, 0, 3.0 * (SLICES - 1)]
    lines = [f"sSliceArray.lSize = {SLICES}", "sSliceArray.lConc = 1"]
    for number in range(2):
        centre = lowest + [0, 0, 3.0 * number]
        named = zip(("Sag", "Cor", "Tra"), centre.tolist(), strict=True)
        lines += [f"sSliceArray.asSlice[{number}].sPosition.d{axis} = {at}" for axis, at in named if at]
    return "\n".join(["### ASCCONV BEGIN ###", *lines, "### ASCCONV END ###"])


@pytest.mark.parametrize("normal", [1, -1])
def test_the_protocol_tells_what_a_de_identifier_left(normal: int) -> None:
    """Creators and the image header are gone; the series header is left, and known by its mark."""
    made = dcmread(io.BytesIO(mosaic(normal)))
    made.remove_private_tags()
    made.add_new(0x00291020, "OB", csa(MrPhoenixProtocol=[protocol(normal)]))
    volume = assembled(written(made)).volume
    assert volume is not None
    assert volume.values.shape == (TILE, TILE, SLICES)
    volume.values[...] -= 500
    assert error_of(volume) < 1e-3


@pytest.mark.parametrize("text", ["", "sSliceArray.lSize = many", "sSliceArray.lSize = 5"])
def test_a_protocol_without_places_tells_nothing(text: str) -> None:
    assert slice_table(csa(MrPhoenixProtocol=[text])) is None


def united(normal: int = 1, astray: float = 0.0, **changes: Any) -> bytes:
    """United Imaging's mosaic: no row of tiles more than is filled, and a place for each tile."""
    made = dcmread(io.BytesIO(mosaic(normal)))
    made.remove_private_tags()
    rows = -(-SLICES // SIDE) * TILE
    made.PixelData, made.Rows = made.pixel_array[:rows].tobytes(), rows
    made.ImageType = ["ORIGINAL", "PRIMARY", "M", "VFRAME"]
    del made.ImagePositionPatient
    tiles = [Dataset() for _ in range(SLICES)]
    for number, tile in enumerate(tiles):
        tile.ImagePositionPatient = (POSITION + [0, 0, 3.0 * normal * number]).tolist()
    tiles[1].ImagePositionPatient[2] += astray
    block = made.private_block(0x0065, "Image Private Header", create=True)
    block.add_new(0x51, "SQ", tiles)
    made.update(changes)
    return written(made)


@pytest.mark.parametrize("normal", [1, -1])
def test_tiles_that_state_their_places_lie_there(normal: int) -> None:
    volume = assembled(united(normal)).volume
    assert volume is not None
    assert volume.values.shape == (TILE, TILE, SLICES)
    assert np.linalg.det(volume.affine) > 0
    volume.values[...] -= 500
    assert error_of(volume) < 1e-3


def test_tiles_that_lie_unevenly_are_no_volume() -> None:
    found = assembled(united(astray=0.5))
    assert found.refusal is not None and found.refusal.reason is Reason.SERIES_NO_GEOMETRY


def test_a_mosaic_that_hides_its_number_of_slices_is_no_slice() -> None:
    made = dataset(
        np.arange(144, dtype="u2").reshape(12, 12), ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"]
    )
    made.ImagePositionPatient, made.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    made.PixelSpacing = [2, 2]
    found = assembled(written(made))
    assert found.refusal is not None and found.refusal.reason is Reason.SERIES_NO_GEOMETRY


@pytest.mark.parametrize("new", [True, False])
def test_the_older_and_the_newer_form_say_the_same(new: bool) -> None:
    header = csa(new, Other=["1"], SliceNormalVector=["0.5", "-1e-3", "1"], Last=[])
    assert csa_values(header, b"SliceNormalVector") == ["0.5", "-1e-3", "1"]
    assert csa_values(header, b"Missing") == []


def test_damaged_headers_end_early() -> None:
    header = csa(SliceNormalVector=["0.5", "0", "1"])
    for length in range(len(header)):
        assert csa_values(header[:length], b"SliceNormalVector") == []
    assert csa_values(b"\xff" * 500, b"SliceNormalVector") == []

"""Slices that arrive one by one, out of order and twice become one volume; late ones make a new version."""

import io
import random
import time
import zipfile
from collections.abc import Callable

import numpy as np
import pytest

from medloop.aws import objects
from medloop.catalogue.images import Image
from medloop.catalogue.series import Series, list_series, volumes_of
from medloop.imaging.volumes import decode_volume
from medloop.platform import catalogue
from medloop.settings import Settings
from tests.e2e.loop import Loop, until
from tests.images import dicom, ramp

pytestmark = pytest.mark.cloud

QUIET = {"quiet_minutes": 0.1}


@pytest.fixture
def volumes(settings: Settings) -> Callable[[str], Loop]:
    def project(name: str) -> Loop:
        loop = Loop(settings, name)
        loop.create(("sick", "well"), spatial_dims=3, series=QUIET)
        return loop

    return project


def slice_at(place: int, series: str = "1.2.3.4", patient: str = "FICTION-7") -> bytes:
    return dicom(
        ramp(16, 12) + place,
        PatientID=patient,
        StudyInstanceUID="1.2.3",
        SeriesInstanceUID=series,
        SOPInstanceUID=f"{series}.{place + 1}",
        InstanceNumber=place + 1,
        ImagePositionPatient=[0, 0, 2.5 * place],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        PixelSpacing=[0.5, 0.5],
    )


def the_series(project: str) -> Series:
    (row,) = catalogue().read(lambda conn: list_series(conn, project))
    return row


def is_settled(project: str, version: int) -> Callable[[], bool]:
    def settled() -> bool:
        rows = catalogue().read(lambda conn: list_series(conn, project))
        return bool(rows) and rows[0].state != "open" and rows[0].version == version

    return settled


def current(project: str) -> list[Image]:
    series = the_series(project)
    return catalogue().read(lambda conn: volumes_of(conn, series.id))


def test_a_shuffled_doubled_series_is_one_volume(volumes: Callable[[str], Loop], settings: Settings) -> None:
    loop = volumes("stacks")
    order = [*range(8), 3, 5]
    random.Random(1).shuffle(order)
    names = [f"images/study/{turn}-{place}.dcm" for turn, place in enumerate(order)]
    loop.wait_for_verdicts(
        [loop.put(name, slice_at(place)) for name, place in zip(names, order, strict=True)]
    )
    until("the volume", is_settled("stacks", 1), 90)
    (volume,) = current("stacks")
    read = decode_volume(objects.read(settings.curated_bucket, volume.array_path))
    assert sorted(read.values.shape) == [8, 12, 16]
    assert np.allclose(np.sort(np.abs(np.linalg.eigvals(read.affine[:3, :3]))), [0.5, 0.5, 2.5])

    loop.wait_for_verdicts([loop.put("images/study/late.dcm", slice_at(8))])
    until("the new version", is_settled("stacks", 2), 90)
    (newer,) = current("stacks")
    assert newer.id != volume.id
    assert sorted(decode_volume(objects.read(settings.curated_bucket, newer.array_path)).values.shape) == [
        9,
        12,
        16,
    ]


def test_a_series_that_is_still_arriving_is_left_alone(settings: Settings) -> None:
    loop = Loop(settings, "arriving")
    loop.create(("sick", "well"), spatial_dims=3, series={"quiet_minutes": 0.4})
    for place in range(6):
        loop.wait_for_verdicts([loop.put(f"images/{place}.dcm", slice_at(place, "1.2.3.7"))])
        time.sleep(5)
    # The first slice had the series looked at by now, and nothing was made of what was there.
    until("the volume", is_settled("arriving", 1), 90)
    assert the_series("arriving").slices == 6


def test_an_archive_says_itself_when_its_series_is_complete(volumes: Callable[[str], Loop]) -> None:
    loop = volumes("zipped")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for place in (2, 0, 1, 3):
            archive.writestr(f"study/{place}.dcm", slice_at(place, "1.2.3.5"))
        archive.writestr("__MACOSX/._0.dcm", b"junk")
    upload = loop.put("images/study.zip", buffer.getvalue())
    (row,) = loop.wait_for_verdicts([upload])
    assert row.state == "accepted"
    until("the volume", is_settled("zipped", 1), 90)
    assert len(current("zipped")) == 1


def test_missing_slices_are_a_reason(volumes: Callable[[str], Loop]) -> None:
    loop = volumes("gaps")
    ids = [loop.put(f"images/{place}.dcm", slice_at(place, "1.2.3.6")) for place in (0, 1, 2, 5, 6)]
    loop.wait_for_verdicts(ids)
    until("the refusal", is_settled("gaps", 1), 90)
    assert the_series("gaps").state == "refused"
    assert the_series("gaps").reason == "series_incomplete"

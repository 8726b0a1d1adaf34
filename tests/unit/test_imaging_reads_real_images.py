"""Real images of several vendors are read or refused with a reason."""

import os
from collections import Counter
from pathlib import Path

import pytest

from medloop.imaging.read import read_image
from medloop.rules.reasons import Reason, Refused

DATA = Path(os.environ.get("MEDLOOP_DATA", Path(__file__).parents[3] / "shared" / "data"))

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason="no real images: set MEDLOOP_DATA"),
]


def outcomes(paths: list[Path]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for path in paths:
        try:
            read_image(path.read_bytes())
            counted["read"] += 1
        except Refused as refusal:
            counted[refusal.reason.value] += 1
    return counted


def test_dicom_of_several_vendors() -> None:
    files = sorted(path for path in (DATA / "dicom").rglob("*") if path.is_file())
    counted = outcomes(files)
    explained = {
        Reason.UNDECODABLE,
        Reason.MULTI_FRAME,
        Reason.NOT_AN_IMAGE,
        Reason.UNSUPPORTED_FORMAT,
        Reason.UNSUPPORTED_SOP_CLASS,
        Reason.BURNED_IN_REVIEW,
    }
    assert counted["read"] > 0.8 * len(files)
    assert set(counted) <= {"read", *(reason.value for reason in explained)}


def test_small_jpegs() -> None:
    files = sorted((DATA / "mednist").glob("*/*.jpeg"))[::20]
    assert outcomes(files) == {"read": len(files)}

"""Cleaning makes no object worse: dciodvfy finds nothing in the clean file that it did not find before."""

import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from medloop.deidentify.file import deidentify
from medloop.imaging.sniff import Format, sniff
from medloop.rules.project import Deidentification
from medloop.rules.reasons import Refused
from tests.identified import NAMES

DATA = Path(os.environ.get("MEDLOOP_DATA", Path(__file__).parents[3] / "shared" / "data"))
DCIODVFY = shutil.which("dciodvfy")
EVERY = 25

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason="no real images: set MEDLOOP_DATA"),
    pytest.mark.skipif(DCIODVFY is None, reason="dciodvfy is not installed; `make oracles` does it"),
]


def errors(path: Path) -> Counter[str]:
    """By kind and attribute, without the values."""
    assert DCIODVFY is not None
    told = subprocess.run([DCIODVFY, str(path)], capture_output=True, timeout=60).stderr.decode("latin-1")
    lines = (line for line in told.splitlines() if line.startswith("Error"))
    return Counter(re.sub(r"(value )?(= )?<[^>]*>$", "", line) for line in lines)


def test_no_error_is_new(tmp_path: Path) -> None:
    clean, seen = tmp_path / "clean.dcm", 0
    for path in sorted(path for path in (DATA / "dicom").rglob("*") if path.is_file())[::EVERY]:
        data = path.read_bytes()
        if sniff(data) is not Format.DICOM:
            continue
        try:
            clean.write_bytes(deidentify(data, Deidentification(), NAMES).content)
        except Refused:
            continue
        assert not errors(clean) - errors(path), f"of file {seen}"
        seen += 1
    assert seen > 20

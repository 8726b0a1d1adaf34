"""A worker finds a layer's packages, although they were unpacked for another one."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

from local.layers import signpost, unpacked

PACKAGE = "medloop_layer_probe"


def layer(text: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packages:
        packages.writestr(f"python/{PACKAGE}.py", text)
    return archive.getvalue()


def test_the_same_layer_lies_in_one_place(tmp_path: Path) -> None:
    first = unpacked(layer("WHO = 1"), tmp_path)
    assert unpacked(layer("WHO = 1"), tmp_path) == first
    assert unpacked(layer("WHO = 2"), tmp_path) != first
    assert (first / "python" / f"{PACKAGE}.py").read_text() == "WHO = 1"


def test_half_of_a_layer_is_not_taken_for_it(tmp_path: Path) -> None:
    place = unpacked(layer("WHO = 1"), tmp_path / "once")
    left = (tmp_path / "again" / place.name).with_suffix(".new")
    left.mkdir(parents=True)
    (left / "junk").touch()
    assert not (unpacked(layer("WHO = 1"), tmp_path / "again") / "junk").exists()


def test_the_signpost_leads_there_before_all_other_packages(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(signpost(unpacked(layer("WHO = 'layer'"), tmp_path)))) as post:
        post.extractall(tmp_path / "post")
    [site_packages] = (tmp_path / "post").glob("python/lib/python3*/site-packages")
    other = tmp_path / "other"
    other.mkdir()
    (other / f"{PACKAGE}.py").write_text("WHO = 'other'")
    program = (
        f"import site, sys; sys.path.insert(0, {str(other)!r}); site.addsitedir({str(site_packages)!r}); "
    )
    said = subprocess.check_output(
        [sys.executable, "-c", program + f"import {PACKAGE}; print({PACKAGE}.WHO)"], text=True
    )
    assert said == "layer\n"

"""Unpacks a layer once for all functions and restarts, where ministack would do so for each of its workers.

A worker that unpacks 140 MB and compiles them takes five seconds to start; one that finds them there, one.
"""

import hashlib
import io
import shutil
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

SITE_PACKAGES = f"python/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
"""Of a layer: here, and only here, Lambda runs the lines of .pth files."""

_one_at_a_time = threading.Lock()


def amend(functions: Any, folder: Path) -> None:
    """Give ministack's workers a signpost to the unpacked layer in the place of the layer."""
    resolve = functions._resolve_layer_zip

    def resolve_layer_zip(attachment: Any) -> bytes | None:
        layer = resolve(attachment)
        return signpost(unpacked(layer, folder)) if layer else layer

    functions._resolve_layer_zip = resolve_layer_zip


def unpacked(layer: bytes, folder: Path) -> Path:
    """Where the layer's files lie, whole."""
    place = folder / hashlib.sha256(layer).hexdigest()[:16]
    with _one_at_a_time:
        if not place.exists():
            aside = place.with_suffix(".new")
            shutil.rmtree(aside, ignore_errors=True)
            with zipfile.ZipFile(io.BytesIO(layer)) as archive:
                archive.extractall(aside)
            aside.rename(place)
    return place


def signpost(place: Path) -> bytes:
    """A layer of one line, which puts the real one where Lambda puts it: in front of all other packages."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as layer:
        line = f"import sys; sys.path.insert(0, {str(place / 'python')!r})\n"
        layer.writestr(f"{SITE_PACKAGES}/unpacked.pth", line)
    return archive.getvalue()

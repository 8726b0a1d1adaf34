"""NumPy's .npz files, which anybody may have made: numbers are read from them, and nothing is executed."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medloop.workbench.failures import Unusable

_NUMBERS = "biuf"
"""Kinds of NumPy's types: truth values, whole numbers, fractions."""


def members(file: Path) -> frozenset[str]:
    """Names of the arrays; none where it is no such file."""
    try:
        with zipfile.ZipFile(file) as archive:
            return frozenset(name.removesuffix(".npy") for name in archive.namelist())
    except zipfile.BadZipFile:
        return frozenset()


def read_numbers(file: Path, name: str) -> NDArray[Any]:
    """Raises Unusable: there is no such array, it is damaged, or it holds anything but numbers."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            found: NDArray[Any] = arrays[name]
    except KeyError:
        raise Unusable(f"{file.name} lacks {name}", "each side has its images and its labels") from None
    except (ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        problem = "holds no numbers" if "allow_pickle" in str(error) else "cannot be read"
        raise Unusable(f"{name} of {file.name} {problem}", "fetch the file again") from None
    except MemoryError:
        raise Unusable(f"{name} of {file.name} is larger than the memory", "make it smaller") from None
    if found.dtype.kind not in _NUMBERS:
        raise Unusable(f"{name} of {file.name} holds no numbers", "fetch the file again")
    return found

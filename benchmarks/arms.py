"""What each arm of `make bench-intake` does with one file; `python -m benchmarks.arms ARM REPEATS` runs one.

A process of its own for each arm: paths come on its input, one a line; JSON goes to its output. Arms import
what they need and nothing else, so that memory is theirs alone.
"""

import io
import json
import secrets
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

Take = Callable[[Any], object]
"""What is timed; the result is thrown away, a failure is named."""


def medloop() -> Take:
    """The whole of medloop's intake: read, check, float32 array, de-identified file."""
    from medloop.intake import prepare
    from medloop.rules.project import Project

    # Every pass has another key: what it remembers of a patient's files is of no use to the next.
    project, key = Project(project="bench", classes=("a", "b")), secrets.token_bytes(32)

    def take(path: Path) -> object:
        prepared = prepare(path.read_bytes(), path.name, project, key)
        return prepared.image, prepared.clean

    return take


def script() -> Take:
    """The script that most people write: pydicom, least to greatest as 8 bits, PNG by Pillow."""
    import numpy as np
    from PIL import Image
    from pydicom import dcmread

    def take(path: Path) -> object:
        return _png(dcmread(path).pixel_array, np, Image)

    return take


def script_anonymizer() -> Take:
    """The same script, and dicom-anonymizer on the data set that it has read already."""
    import numpy as np
    from dicomanonymizer.simpledicomanonymizer import anonymize_dataset
    from PIL import Image
    from pydicom import dcmread

    def take(path: Path) -> object:
        dataset = dcmread(path)
        return _png(dataset.pixel_array, np, Image), _anonymized(dataset, anonymize_dataset)

    return take


def array_anonymizer() -> Take:
    """medloop's two outputs by pydicom and dicom-anonymizer: a float32 array instead of a PNG."""
    from dicomanonymizer.simpledicomanonymizer import anonymize_dataset
    from pydicom import dcmread
    from pydicom.pixels.processing import apply_modality_lut

    def take(path: Path) -> object:
        dataset = dcmread(path)
        values = apply_modality_lut(dataset.pixel_array, dataset).astype("float32")
        return values, _anonymized(dataset, anonymize_dataset)

    return take


def monai() -> Take:
    """MONAI's loader: an array with its metadata; nothing is checked or removed."""
    from monai.data import PydicomReader
    from monai.transforms import LoadImage

    return LoadImage(reader=PydicomReader(), image_only=True)  # type: ignore[no-any-return]


def decoding() -> Take:
    """pydicom's pixel_array and no more: the least that any reader on top of it can take."""
    from pydicom import dcmread

    return lambda path: dcmread(path).pixel_array


def codec() -> Take:
    """The decoder alone, on a file that has been parsed before the clock starts."""
    return lambda dataset: dataset.pixel_array


def parsed(path: Path) -> Any:
    from pydicom import dcmread

    return dcmread(path)


ARMS: dict[str, Callable[[], Take]] = {
    "medloop": medloop,
    "pydicom + Pillow": script,
    "pydicom + Pillow + dicom-anonymizer": script_anonymizer,
    "pydicom float32 + dicom-anonymizer": array_anonymizer,
    "MONAI LoadImage": monai,
    "bare decoding": decoding,
    "codec alone": codec,
}


def _png(values: Any, np: Any, image: Any) -> bytes:
    while values.ndim > 2 and values.shape[-1] != 3:
        values = values[0]  # a picture is all that the script makes of several frames
    least, greatest = float(values.min()), float(values.max())
    scaled = (values - least) / max(greatest - least, 1.0) * 255
    buffer = io.BytesIO()
    image.fromarray(scaled.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _anonymized(dataset: Any, anonymize: Any) -> bytes:
    anonymize(dataset, delete_private_tags=True)
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def timed(take: Take, before: Callable[[Path], Any], path: Path) -> tuple[float, str]:
    """Seconds, and the failure's name or ""."""
    began = time.perf_counter()
    try:
        item = before(path)
        began = time.perf_counter()
        take(item)
    except Exception as error:  # every library fails in its own way, and the failure's name is the result
        reason = getattr(error, "reason", None)
        return time.perf_counter() - began, str(getattr(reason, "value", type(error).__name__))
    return time.perf_counter() - began, ""


def main(arm: str, repeats: int) -> None:
    """One pass that is not measured, so that everything is imported, then `repeats` that are."""
    warnings.simplefilter("ignore")
    paths = [Path(line) for line in sys.stdin.read().splitlines()]
    before = parsed if arm == "codec alone" else Path
    take = ARMS[arm]()
    base = _peak()
    runs = []
    for _ in range(repeats + 1):
        runs.append([timed(take, before, path) for path in paths])
        take = ARMS[arm]()
    result = {
        "seconds": [[seconds for seconds, _ in run] for run in runs[1:]],
        "failures": [failure for _, failure in runs[0]],
        "base_mb": base,
        "peak_mb": _peak(),
    }
    json.dump(result, sys.stdout)


def _peak() -> float:
    """Most memory that this process and those it started ever held, in MB."""
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(_held(process) for process in family) / 1e6


def _held(process: psutil.Process) -> int:
    """Bytes at most, where Linux tells; elsewhere, bytes now."""
    status = Path(f"/proc/{process.pid}/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    return int(process.memory_info().rss)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

"""Files that run code when they are opened the convenient way."""

import io
import os
import pickle
import zipfile
from collections.abc import Iterator

import numpy as np

from medloop.rules.reasons import Reason
from medloop.selftest.case import Sample, case
from medloop.selftest.file import refused


class Payload:
    """Unpickled, it writes a file into the working folder: the cage finds whatever was written."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("echo ran > payload-ran",)


@case(
    "B39",
    "Checkpoint of PyTorch with a payload",
    "`torch.load` of old ran it; uploads are never unpickled, whatever they are called.",
)
def torch_checkpoint() -> Iterator[Sample]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("model/data.pkl"), pickle.dumps(Payload()))
        archive.writestr(zipfile.ZipInfo("model/version"), "3\n")
    yield refused("model.pt", buffer.getvalue(), Reason.UNSUPPORTED_FORMAT, format="zip")


@case(
    "B40",
    "Pickle with a payload",
    "In any protocol, and with an image's name.",
)
def bare_pickle() -> Iterator[Sample]:
    for protocol in (0, 2, pickle.HIGHEST_PROTOCOL):
        yield refused(f"image-{protocol}.png", pickle.dumps(Payload(), protocol), Reason.NOT_AN_IMAGE)


@case(
    "B41",
    ".npy of objects with a payload",
    "NumPy's own format holds pickles too; arrays come in by no upload.",
)
def numpy_objects() -> Iterator[Sample]:
    buffer = io.BytesIO()
    np.save(buffer, np.array([Payload()], dtype=object), allow_pickle=True)
    yield refused("labels.npy", buffer.getvalue(), Reason.UNSUPPORTED_FORMAT, format="numpy")

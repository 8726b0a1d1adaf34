"""A model's network in formats that other programs run: TorchScript, torch.export and ONNX.

What is exported goes from a prepared image to raw scores; `network.json` beside it tells the rest.
"""

import argparse
import io
import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from training.artefact import Model, load_archive, load_model
from training.data.preprocessing import Grid
from training.failures import InvalidModel

TOLERANCE: Final = 1e-4
"""The largest difference of any score from the network's own, relative to the largest score."""

BATCHES: Final = (1, 3)
"""Tried with each export: the number of images is free."""

Network = Callable[[torch.Tensor], torch.Tensor]


class ExportFailed(Exception):
    """The export is not the network; the text says how far off it is, or what is missing."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training export", description=__doc__)
    parser.add_argument("model", type=Path, help="model.tar.gz, or the folder that holds model.safetensors")
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("--to", choices=FORMATS, default="onnx")
    given = parser.parse_args(arguments)
    try:
        worst = export(opened(given.model), given.out, given.to)
    except (InvalidModel, ExportFailed) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{given.out}: at most {worst:.1e} from the network itself")
    return 0


def opened(path: Path) -> Model:
    """Raises InvalidModel when there is none, or it is damaged."""
    return load_model(path) if path.is_dir() else load_archive(path)


def export(model: Model, out: Path, form: str) -> float:
    """Write the network and `network.json` beside it; the largest relative deviation found.

    Raises:
        ExportFailed: it deviates by more than TOLERANCE, or a package is missing.
    """
    network = model.network.cpu().eval()
    out.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tracing, about sizes that the check below varies
        runner = FORMATS[form](network, example(model, 2), out)
        worst = deviation(network, runner, (example(model, count) for count in BATCHES))
    if not worst <= TOLERANCE:
        out.unlink()
        raise ExportFailed(f"the export deviates from the network by {worst:.1e}, more than {TOLERANCE:.0e}")
    told = json.dumps(interface(model), indent=2)
    out.with_name("network.json").write_text(told + "\n", encoding="utf-8")
    return worst


def example(model: Model, count: int) -> torch.Tensor:
    """Images [image, channel, *spatial] as the network takes them, of random values."""
    generator = torch.Generator().manual_seed(count)
    return torch.rand(count, *input_shape(model), generator=generator)


def input_shape(model: Model) -> tuple[int, ...]:
    """[channel, *spatial]: a segmentation's patch, or the canvas of a classification."""
    how = model.description.preprocessing
    return (how.channels, *(how.patch if isinstance(how, Grid) else how.shape))


@torch.no_grad()
def deviation(network: torch.nn.Module, runner: Network, examples: Iterator[torch.Tensor]) -> float:
    """The largest difference of a score, relative to the largest score; NaN where one is no number."""
    worst = 0.0
    for images in examples:
        wanted = network(images)
        apart = (runner(images) - wanted).abs().max() / wanted.abs().max()
        worst = max(worst, float(apart)) if torch.isfinite(apart) else float("nan")
    return worst


def to_torchscript(network: torch.nn.Module, images: torch.Tensor, out: Path) -> Network:
    torch.jit.trace(network, images, check_trace=False).save(out)  # type: ignore[no-untyped-call]
    loaded: Network = torch.jit.load(out)  # type: ignore[no-untyped-call]
    return loaded


def to_torch_export(network: torch.nn.Module, images: torch.Tensor, out: Path) -> Network:
    free = ({0: torch.export.Dim("images")},)
    torch.export.save(torch.export.export(network, (images,), dynamic_shapes=free), out)
    loaded: Network = torch.export.load(out).module()
    return loaded


def to_onnx(network: torch.nn.Module, images: torch.Tensor, out: Path) -> Network:
    """Raises ExportFailed where the packages for it are missing."""
    try:
        import onnxruntime
        import onnxscript  # noqa: F401
    except ImportError:
        raise ExportFailed("ONNX needs more packages: pip install 'medloop[export]'") from None
    free = ({0: torch.export.Dim("images")},)
    names: dict[str, Any] = {"input_names": ["images"], "output_names": ["scores"]}
    with redirect_stdout(io.StringIO()):  # it prints its progress
        torch.onnx.export(
            network, (images,), out, dynamo=True, external_data=False, dynamic_shapes=free, **names
        )
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])

    def run(given: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(np.asarray(session.run(None, {"images": given.numpy()})[0]))

    return run


FORMATS: Final[dict[str, Callable[[torch.nn.Module, torch.Tensor, Path], Network]]] = {
    "onnx": to_onnx,
    "torchscript": to_torchscript,
    "torch-export": to_torch_export,
}


def interface(model: Model) -> dict[str, Any]:
    """What goes in and what comes out, for who runs the network without medloop."""
    known = model.description
    return {
        "input": {"name": "images", "shape": ["images", *input_shape(model)], "type": "float32"},
        "prepare": known.preprocessing.model_dump(mode="json"),
        "output": {"name": "scores", "channels": list(channels(model)), "type": "float32"},
        "finish": known.finishing.model_dump(mode="json"),
        "task": known.task,
    }


def channels(model: Model) -> tuple[str, ...]:
    known = model.description
    return (("background",) if known.task == "segmentation" else ()) + known.classes

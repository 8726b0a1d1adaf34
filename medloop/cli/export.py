"""`medloop export`: a model's network in a format that other programs run."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

Form = Literal["onnx", "torchscript", "torch-export"]


def export(
    model: Annotated[
        Path, typer.Argument(exists=True, help="model.tar.gz, or the folder that holds model.safetensors.")
    ],
    out: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write.")],
    to: Annotated[Form, typer.Option(help="ONNX, TorchScript, or PyTorch's own .pt2.")] = "onnx",
) -> None:
    """Write a model's network as ONNX, TorchScript or torch.export, checked against the network itself.

    It goes from a prepared image to raw scores, for any number of images; network.json beside it tells how
    images are prepared and what the scores mean. An export that deviates is not kept. Every model is a MONAI
    bundle as well, in bundle/ of its archive, which does the preparing too.

    [dim]medloop export ./run/model network.onnx
    medloop export model.tar.gz network.pt2 --to torch-export[/]
    """
    # The training package is the only one that knows PyTorch; it speaks for itself.
    command = [sys.executable, "-m", "training", "export", str(model), str(out), "--to", to]
    raise typer.Exit(subprocess.run(command).returncode)

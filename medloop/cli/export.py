"""`medloop export`: a model's network in a format that other programs run."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from rich.markup import escape

from medloop.cli.target import stop

Form = Literal["onnx", "torchscript", "torch-export"]

ENDINGS: Final[dict[str, Form]] = {
    ".onnx": "onnx",
    ".ts": "torchscript",
    ".pt": "torchscript",
    ".pt2": "torch-export",
}


def export(
    model: Annotated[
        Path, typer.Argument(exists=True, help="model.tar.gz, or the folder that holds model.safetensors.")
    ],
    out: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write.")],
    to: Annotated[
        Form | None, typer.Option(help="By default what OUT's ending says: .onnx, .ts or .pt, or .pt2.")
    ] = None,
) -> None:
    """Write a model's network as ONNX, TorchScript or torch.export, checked against the network itself.

    It goes from a prepared image to raw scores, for any number of images; network.json beside it tells how
    images are prepared and what the scores mean. An export that deviates is not kept. Every model is a MONAI
    bundle as well, in bundle/ of its archive, which does the preparing too.

    [dim]medloop export ./run/model network.onnx
    medloop export model.tar.gz network.pt2[/]
    """
    form = to or form_of(out)
    # The training package is the only one that knows PyTorch; it speaks for itself.
    command = [sys.executable, "-m", "training", "export", str(model), str(out), "--to", form]
    raise typer.Exit(subprocess.run(command).returncode)


def form_of(out: Path) -> Form:
    """Ends the command where the name does not say it."""
    form = ENDINGS.get(out.suffix.lower())
    if form is None:
        stop(f"{escape(out.name)} does not say in which form", "call it .onnx, .ts, .pt or .pt2, or add --to")
    return form

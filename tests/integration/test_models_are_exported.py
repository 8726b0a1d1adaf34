"""A network in another format gives the same scores, for any number of images."""

import json
import tarfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from medloop.rules.recipes import RECIPES
from training.artefact import Description, Model, save_model
from training.data.preprocessing import Canvas, Grid
from training.export import FORMATS, deviation, example, main
from training.finishing import Finishing
from training.fit import copy_of
from training.network import build_network

KINDS = {
    "pictures": ("classification", Canvas(spatial_dims=2, channels=1, size=32)),
    "colour pictures": ("multilabel", Canvas(spatial_dims=2, channels=3, size=32)),
    "volumes": ("classification", Canvas(spatial_dims=3, channels=1, size=32)),
    "structures": (
        "segmentation",
        Grid(spatial_dims=3, channels=1, spacing=(1, 1, 1), patch=(16, 24, 16), batch=2),
    ),
}


def a_model(kind: str) -> Model:
    task, how = KINDS[kind]
    like = "segmentation" if task == "segmentation" else "classification"
    recipe = RECIPES[like, how.spatial_dims, "debug"]().but(task=task)
    torch.manual_seed(0)
    known = Description(
        project="shapes",
        model_version=1,
        task=task,
        classes=("one", "two"),
        dataset="0" * 64,
        recipe=recipe,
        preprocessing=how,
        finishing=Finishing(),
    )
    network = build_network(recipe.network, how, known.outputs)
    return Model(network.eval(), known)


def on_disk(model: Model, folder: Path) -> Path:
    save_model(folder, copy_of(model.network), model.description)
    return folder


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_export_of(kind: str, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = on_disk(a_model(kind), tmp_path / "model")
    assert main([str(folder), str(tmp_path / "out" / "network"), "--to", form]) == 0
    assert (tmp_path / "out" / "network").stat().st_size > 10_000
    assert "at most" in capsys.readouterr().out
    told = json.loads((tmp_path / "out" / "network.json").read_bytes())
    assert told["input"]["shape"] == ["images", *example(a_model(kind), 1).shape[1:]]
    assert told["output"]["channels"][-2:] == ["one", "two"]


def test_another_program_reads_the_onnx_file(tmp_path: Path) -> None:
    model = a_model("pictures")
    assert main([str(on_disk(model, tmp_path)), str(tmp_path / "network.onnx")]) == 0
    session = onnxruntime.InferenceSession(str(tmp_path / "network.onnx"))
    images = example(model, 7)
    (scores,) = session.run(["scores"], {"images": images.numpy()})
    assert np.allclose(scores, model.network(images).detach().numpy(), atol=1e-4)


def test_an_archive_is_exported_as_its_folder_is(tmp_path: Path) -> None:
    folder = on_disk(a_model("pictures"), tmp_path / "model")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(folder, ".")
    assert main([str(tmp_path / "model.tar.gz"), str(tmp_path / "network"), "--to", "torchscript"]) == 0


def test_a_network_that_is_another_is_noticed() -> None:
    one, other = a_model("pictures").network, a_model("pictures").network
    with torch.no_grad():
        list(other.parameters())[-2].mul_(1.01)
    assert deviation(one, one, iter([example(a_model("pictures"), 2)])) == 0
    assert deviation(one, other, iter([example(a_model("pictures"), 2)])) > 1e-3


def test_what_is_no_model_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == "model.safetensors or model.json is missing\n"
    assert not (tmp_path / "out").exists()

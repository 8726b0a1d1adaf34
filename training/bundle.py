"""The model as a MONAI bundle: `monai.bundle` loads and runs it where there is no medloop.

`configs/inference.json` is made of MONAI's transforms and inferers alone. `monai.bundle run --config_file
configs/inference.json --bundle_root . --datalist "['case.nii.gz']"` writes the answers below `output_dir`.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from training.artefact import Description, Model
from training.data.preprocessing import Canvas, Grid, Intensities
from training.export import channels, example, input_shape, to_torchscript
from training.predict import OVERLAP

SCHEMA = (
    "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
)

Config = dict[str, Any]


def write_bundle(folder: Path, model: Model) -> None:
    """Configurations, the network as TorchScript, and its weights alone."""
    for name in ("configs", "models"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    network = model.network.cpu().eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tracing, about sizes
        to_torchscript(network, example(model, 2), folder / "models" / "model.ts")
    torch.save(network.state_dict(), folder / "models" / "model.pt")
    for name, content in (("metadata", metadata(model)), ("inference", inference(model.description))):
        text = json.dumps(content, indent=2) + "\n"
        (folder / "configs" / f"{name}.json").write_text(text, encoding="utf-8")


def metadata(model: Model) -> Config:
    """As MONAI's schema for bundles wants it."""
    known, shape = model.description, input_shape(model)
    names = {str(index): name for index, name in enumerate(channels(model))}
    patches = isinstance(known.preprocessing, Grid)
    return {
        "schema": SCHEMA,
        "version": f"{known.model_version}.0.0",
        "changelog": {f"{known.model_version}.0.0": f"trained on dataset {known.dataset}"},
        "monai_version": version("monai"),
        "pytorch_version": version("torch").partition("+")[0],
        "numpy_version": version("numpy"),
        "required_packages_version": {"nibabel": version("nibabel"), "scipy": version("scipy")},
        "name": known.project,
        "task": f"{known.task} of {'volumes' if known.preprocessing.spatial_dims == 3 else 'pictures'}",
        "description": "MODEL_CARD.md in the model's archive tells what it was trained and judged on.",
        "authors": "",
        "copyright": "",
        "network_data_format": {
            "inputs": {"image": _format(shape, {"0": "image"}, patches, "magnitude")},
            "outputs": {
                "pred": _format((len(names), *(shape[1:] if patches else ())), names, patches, "scores")
            },
        },
    }


def _format(shape: tuple[int, ...], names: dict[str, str], patches: bool, what: str) -> Config:
    return {
        "type": "image" if what == "magnitude" else "probabilities",
        "format": what,
        "num_channels": shape[0],
        "spatial_shape": list(shape[1:]),
        "dtype": "float32",
        "value_range": [0, 1] if what == "magnitude" else [],
        "is_patch_data": patches,
        "channel_def": names,
    }


def inference(known: Description) -> Config:
    how = known.preprocessing
    return {
        "imports": ["$import torch", "$from monai.data import MetaTensor", "$from scipy import ndimage"],
        "bundle_root": ".",
        "output_dir": "$@bundle_root + '/answers'",
        "datalist": [],
        "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "network": {
            "_target_": "torch.jit.load",
            "f": "$@bundle_root + '/models/model.ts'",
            "map_location": "@device",
        },
        "turning": {"_target_": "Orientationd", "keys": "image", "axcodes": "RAS", "labels": None},
        "preprocessing": _composed(*_reading(how), *_laying_out(how)),
        "inferer": _inferer(how),
        "scores": "$torch.no_grad()(lambda case: {**case, 'pred': "
        "MetaTensor(@inferer(case['image'][None].as_tensor().to(@device), @network)[0].cpu())})",
        "restoring": _restoring(how),
        "postprocessing": _composed(*_finishing(known)),
        "answer": "$lambda file: @postprocessing(@restoring(@scores(@preprocessing({'image': file}))))",
        "run": ["$[@answer(file) for file in @datalist]"],
    }


def _composed(*transforms: Config | str) -> Config:
    return {"_target_": "Compose", "transforms": list(transforms)}


def _reading(how: Canvas | Grid) -> list[Config | str]:
    """Volumes from NIfTI; pictures from .npy or what Pillow reads, rows first as everywhere in medloop."""
    if how.spatial_dims == 3:
        reading = {"_target_": "LoadImaged", "keys": "image", "reader": "NibabelReader"}
        return [reading, {"_target_": "EnsureChannelFirstd", "keys": "image"}, "@turning"]
    readers = [{"_target_": "NumpyReader"}, {"_target_": "PILReader", "reverse_indexing": False}]
    channel = "no_channel" if how.channels == 1 else -1
    return [
        {"_target_": "LoadImaged", "keys": "image", "reader": readers},
        {"_target_": "EnsureChannelFirstd", "keys": "image", "channel_dim": channel},
    ]


def _laying_out(how: Canvas | Grid) -> list[Config]:
    if isinstance(how, Canvas):
        return [_applied(_SCALED.format(size=how.size)), *_spreading(how.intensities), _padding(how.shape)]
    spacing = [] if how.spacing is None else [_spacing(how.spacing)]
    return [*spacing, *_spreading(how.intensities), _padding(how.patch)]


def _spacing(millimetres: tuple[float, ...]) -> Config:
    return {
        "_target_": "Spacingd",
        "keys": "image",
        "pixdim": list(millimetres),
        "mode": "bilinear",
        "padding_mode": "border",
        "scale_extent": True,
    }


# Averaging what is dropped where an image shrinks; the sides keep their ratio in millimetres.
_SCALED = (
    "$lambda image: (lambda sides: torch.nn.functional.interpolate(image[None].as_tensor(), sides, "
    "mode='area') if torch.Size(sides).numel() < image.shape[1:].numel() else "
    "torch.nn.functional.interpolate(image[None].as_tensor(), sides, "
    "mode='bilinear' if len(sides) == 2 else 'trilinear', align_corners=False))("
    "(lambda extent: [max(1, round(float(side * {size} / extent.max()))) for side in extent])("
    "torch.as_tensor(image.shape[1:]) * (image.pixdim if image.ndim == 4 else 1)))[0]"
)


def _applied(function: str) -> Config:
    return {"_target_": "Lambdad", "keys": "image", "func": function}


def _spreading(how: Intensities) -> list[Config]:
    if how.window:
        bounds = {"_target_": "ScaleIntensityRanged", "a_min": how.window[0], "a_max": how.window[1]}
    else:
        bounds = {
            "_target_": "ScaleIntensityRangePercentilesd",
            "lower": how.low_percentile,
            "upper": how.high_percentile,
        }
    return [{**bounds, "keys": "image", "b_min": 0.0, "b_max": 1.0, "clip": True}]


def _padding(least: tuple[int, ...]) -> Config:
    return {"_target_": "SpatialPadd", "keys": "image", "spatial_size": list(least)}


def _inferer(how: Canvas | Grid) -> Config:
    if isinstance(how, Canvas):
        return {"_target_": "SimpleInferer"}
    return {
        "_target_": "SlidingWindowInferer",
        "roi_size": list(how.patch),
        "sw_batch_size": how.batch,
        "overlap": OVERLAP,
        "mode": "gaussian",
    }


def _restoring(how: Canvas | Grid) -> str:
    """From the prepared image's space to that of the image as it came. MONAI's own way back from Spacingd
    with `scale_extent` lies up to half a voxel beside it (1.6.1), so that one is written out here."""
    if isinstance(how, Canvas):
        return "$lambda case: case"
    inner = (
        "(lambda pad: case['pred'][(slice(None), *(slice(before, before + side) for (before, _), side in "
        "zip(pad['extra_info']['padded'][1:], pad['orig_size'])))])(case['image'].applied_operations[-1])"
    )
    if how.spatial_dims == 2:
        return f"$lambda case: {{**case, 'pred': {inner}}}"
    upright = (
        f"torch.nn.functional.interpolate({inner}[None].as_tensor(), "
        "case['image'].applied_operations[1]['orig_size'], mode='trilinear', align_corners=False)[0]"
    )
    return (
        f"$lambda case: {{**case, 'pred': @turning.inverse({{'image': MetaTensor({upright}, "
        "meta=case['image'].meta, applied_operations=case['image'].applied_operations[:1])})['image']}"
    )


def _finishing(known: Description) -> list[Config]:
    if known.task != "segmentation":
        odds = "softmax(0)" if known.task == "classification" else "sigmoid()"
        scaled = f"$lambda scores: (scores / {known.finishing.temperature!r}).{odds}"
        return [{"_target_": "Lambdad", "keys": "pred", "func": scaled}]
    whole = [structure for structure, keep in enumerate(known.finishing.keep_largest, start=1) if keep]
    named = {"_target_": "AsDiscreted", "keys": "pred", "argmax": True}
    largest = [
        {"_target_": "Lambdad", "keys": "pred", "func": _LARGEST.format(structure=one)} for one in whole
    ]
    saved = {"_target_": "SaveImaged", "keys": "pred", "output_dir": "@output_dir", "output_postfix": "mask"}
    return [named, *largest, *([saved] if known.preprocessing.spatial_dims == 3 else [])]


# All of a structure but its largest part becomes background; parts touch at corners as well.
_LARGEST = (
    "$lambda mask: mask * ~(lambda inside, parts: inside & (parts != torch.bincount(parts[inside]).argmax()) "
    "if inside.any() else inside)(mask == {structure}, torch.as_tensor(ndimage.label("
    "(mask[0] == {structure}).numpy(), torch.ones((3,) * (mask.ndim - 1)).numpy())[0])[None].long())"
)

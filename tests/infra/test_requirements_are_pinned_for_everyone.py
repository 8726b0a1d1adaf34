"""requirements/*.txt: exact versions from pyproject.toml, no hosts, no CUDA, one botocore for the laptop."""

import re
import tomllib
from pathlib import Path

import pytest
from stack import REPOSITORY

FILES = sorted((REPOSITORY / "requirements").glob("*.txt"))
PIN = re.compile(r"^[a-z0-9][a-z0-9-]*(\[[a-z0-9,-]+\])?==[^\s;]+( ; .+)?$")
GPU_ONLY = re.compile(r"^(nvidia|triton|cuda)-?")


def pins(name: str) -> dict[str, str]:
    lines = (REPOSITORY / "requirements" / name).read_text().splitlines()
    return {line.split("==")[0]: line.split("==")[1] for line in lines}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_line_is_one_exact_version(file: Path) -> None:
    lines = file.read_text().splitlines()
    assert [line for line in lines if not PIN.match(line)] == []
    assert [line for line in lines if GPU_ONLY.match(line)] == []


def test_lambda_gets_the_versions_that_pyproject_names() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    named = dict(re.sub(r"\[.*\]", "", wish).split("==") for wish in project["dependencies"])
    found = pins("lambda.txt")
    assert {name: found.get(name.lower()) for name in named} == named


def test_the_api_gets_the_same_versions_and_nothing_of_images() -> None:
    every, api = pins("lambda.txt"), pins("api.txt")
    images = {"imagecodecs", "nibabel", "numpy", "packaging", "pillow", "tifffile"}
    assert api == {name: version for name, version in every.items() if name not in images}


def test_nothing_heavy_travels_to_lambda() -> None:
    assert not {"torch", "monai", "scikit-learn", "scipy", "sagemaker", "ministack"} & set(pins("lambda.txt"))


def test_tests_and_demo_use_the_same_versions() -> None:
    demo, tests = pins("laptop.txt"), pins("dev.txt")
    assert {name: version for name, version in demo.items() if tests.get(name) != version} == {}

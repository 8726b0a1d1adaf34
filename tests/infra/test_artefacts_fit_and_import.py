"""What `make build-…` puts into a function and its layer fits into Lambda, and every door imports from it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from stack import REPOSITORY, Stack

UNZIPPED_LIMIT = 250 * 2**20
"""Bytes that Lambda allows a function and its layers together."""

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

IMPORT = """
import importlib, sys
sys.path[:0] = sys.argv[2:]
handler = getattr(importlib.import_module(sys.argv[1]), "handler")
assert callable(handler)
heavy = {"torch", "monai", "sklearn", "ministack", "typer", "local", "training"} & set(sys.modules)
assert not heavy, heavy
"""


LAYERS = ("PackagesLayer", "ResultsLayer", "ApiLayer")
ARTEFACTS = ("OnUploadFunction", *LAYERS)


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders that `sam build` would make, for this interpreter: one function's, and the layers'."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ARTEFACTS}
    for name, folder in folders.items():
        variables = {**os.environ, "ARTIFACTS_DIR": str(folder), **this_machine()}
        subprocess.run(["make", "-s", f"build-{name}"], cwd=REPOSITORY, env=variables, check=True)
    return folders


def this_machine() -> dict[str, str]:
    from local.deploy import lambda_platform

    return {"LAMBDA_PYTHON": PYTHON, "LAMBDA_PLATFORM": lambda_platform()}


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("layer", LAYERS)
def test_function_and_layer_fit_into_lambda(artefacts: dict[str, Path], layer: str) -> None:
    assert size(artefacts["OnUploadFunction"]) + size(artefacts[layer]) < UNZIPPED_LIMIT
    assert size(artefacts["OnUploadFunction"]) < 5 * 2**20


def test_the_function_holds_our_own_code_alone(artefacts: dict[str, Path]) -> None:
    assert {entry.name for entry in artefacts["OnUploadFunction"].iterdir()} == {
        "events",
        "functions",
        "medloop",
    }
    assert not list(artefacts["OnUploadFunction"].rglob("*.pyc"))
    for layer in LAYERS:
        assert [entry.name for entry in artefacts[layer].iterdir()] == ["python"]


def test_every_function_is_built_by_the_same_rule(stack: Stack) -> None:
    methods = {
        door.stack.resources[door.function].get("Metadata", {}).get("BuildMethod") for door in stack.doors()
    }
    assert methods == {"makefile"}


@pytest.mark.parametrize("door", sorted(file.stem for file in (REPOSITORY / "functions").glob("on_*.py")))
def test_every_door_imports_from_the_artefact_alone(
    artefacts: dict[str, Path], stack: Stack, door: str
) -> None:
    found = next(d for d in stack.doors() if d.name == door)
    function = found.properties
    wanted = function["Environment"]["Variables"].items()
    variables = {name: value if isinstance(value, str) else "1" for name, value in wanted}
    variables |= {"AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_TRACE_DISABLED": "1"}
    layer = artefacts[found.packages]
    paths = [str(artefacts["OnUploadFunction"]), str(layer / "python")]
    module = function["Handler"].removesuffix(".handler")
    # -I and -S keep out this checkout, the test environment's packages and everything PYTHON* says.
    command = [sys.executable, "-I", "-S", "-c", IMPORT, module, *paths]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, cwd=layer)
    assert done.returncode == 0, done.stderr

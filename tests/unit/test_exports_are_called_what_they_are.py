"""`medloop export` writes the form that the file's name promises, or asks."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from local.main import app
from medloop.cli.export import form_of


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("network.onnx", "onnx"),
        ("network.TS", "torchscript"),
        ("network.pt", "torchscript"),
        ("network.pt2", "torch-export"),
    ],
)
def test_the_ending_says_the_form(name: str, form: str) -> None:
    assert form_of(Path(name)) == form


def test_another_ending_is_a_question(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["export", str(tmp_path), str(tmp_path / "network.bin")])
    assert result.exit_code == 1
    assert "does not say in which form" in result.stderr

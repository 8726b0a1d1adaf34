"""Weights to start from are found where people have them, and named by what they are."""

from pathlib import Path

import pytest

from medloop.workbench.failures import Unusable
from medloop.workbench.start import offer, start_name, weights_in
from medloop.workbench.tree import Tree

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


@pytest.mark.parametrize("place", ["model.safetensors", "models/model.pt", "bundle/models/model.pt"])
def test_a_models_or_a_bundles_folder_holds_them(place: str, tmp_path: Path) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"hello")
    assert weights_in(tmp_path) == weights_in(file) == file


def test_a_folder_of_something_else_is_refused_with_what_would_do(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as refused:
        weights_in(tmp_path)
    assert "holds no weights" in refused.value.problem
    assert ".safetensors" in refused.value.remedy


@pytest.mark.parametrize(
    ("name", "form"), [("a.safetensors", ".safetensors"), ("a.pt", ".pt"), ("a.ckpt", ".pt")]
)
def test_they_are_named_by_their_content_and_form(name: str, form: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"hello")
    assert start_name(tmp_path / name) == HELLO + form


def test_the_channel_holds_nothing_but_them(tmp_path: Path) -> None:
    tree, file = Tree(tmp_path / "out"), tmp_path / "a.pt"
    file.write_bytes(b"hello")
    offer(file, "earlier.pt", tree)
    offer(file, start_name(file), tree)
    assert [one.name for one in tree.start.iterdir()] == [HELLO + ".pt"]
    offer(None, "", tree)
    assert not tree.start.exists()

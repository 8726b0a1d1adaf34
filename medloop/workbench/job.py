"""What the container is told: hyperparameters and resources, as SageMaker writes them."""

import json
from collections.abc import Mapping
from typing import Any

from medloop.workbench.preparing import Prepared
from medloop.workbench.tree import Tree
from medloop.workbench.writing import write_whole

HOST = "algo-1"


def hyperparameters(
    prepared: Prepared,
    recipe: str,
    overrides: Mapping[str, Any],
    seed: int,
    max_minutes: float,
    start: str = "",
) -> dict[str, str]:
    """SageMaker carries strings only."""
    return {
        "project": prepared.request.project,
        "dataset": prepared.dataset,
        "model_version": "1",
        "task": prepared.task,
        "spatial_dims": str(prepared.spatial_dims),
        "recipe": recipe,
        "overrides": json.dumps(dict(overrides), sort_keys=True),
        "classes": json.dumps(list(prepared.classes)),
        "max_minutes": f"{max_minutes:g}",
        "seed": str(seed),
        "champion_version": "",
        "start": start,
    }


def told(tree: Tree) -> dict[str, str] | None:
    """What an earlier run told the container."""
    file = tree.configuration / "hyperparameters.json"
    if not file.is_file():
        return None
    found: dict[str, str] = json.loads(file.read_bytes())
    return found


def tell(tree: Tree, parameters: Mapping[str, str]) -> None:
    tree.configuration.mkdir(parents=True, exist_ok=True)
    resources = {"current_host": HOST, "hosts": [HOST], "network_interface_name": "lo"}
    for name, content in (("hyperparameters", parameters), ("resourceconfig", resources)):
        text = json.dumps(content, indent=2, sort_keys=True)
        write_whole(tree.configuration / f"{name}.json", text)

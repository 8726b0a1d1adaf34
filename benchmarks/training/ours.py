"""Our arm: data prepared as the intake does, then the training container, as `train --here` runs it."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from events.evaluation import Evaluation
from medloop.rules.recipes import choose_recipe
from medloop.workbench import job, results
from medloop.workbench.forms import recognise
from medloop.workbench.listing import digest_of
from medloop.workbench.preparing import Prepared, Request, prepare
from medloop.workbench.tree import Tree

SPLIT = "70/10/20"
"""Where the folder has no sides of its own."""


def run(folder: Path, out: Path, overrides: dict[str, Any], minutes: float, recipe: str) -> dict[str, Any]:
    """`seconds` of the rows begin where the container begins to read; preparing is told apart."""
    tree = Tree(out)
    shutil.rmtree(out, ignore_errors=True)
    began = time.perf_counter()
    prepared = prepared_data(folder, tree)
    preparing = time.perf_counter() - began
    choose_recipe(prepared.task, prepared.spatial_dims, recipe, overrides)
    job.tell(tree, job.hyperparameters(prepared, recipe, overrides, seed=0, max_minutes=minutes))
    # As torchrun says it: the container would else take every GPU there is.
    alone = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "1"}
    told = {**os.environ, **alone, "SAGEMAKER_BASE_DIR": str(tree.job)}
    ended = subprocess.run([sys.executable, "-m", "training", "train"], env=told)
    if ended.returncode:
        raise SystemExit(f"our training failed; {tree.failure} says why")
    evaluation = Evaluation.model_validate_json((tree.results / "evaluation.json").read_bytes())
    return {
        "rows": results.read_history(tree),
        "preparing": round(preparing, 2),
        "test": evaluation.challenger.value,
        "interval": [evaluation.challenger.interval.low, evaluation.challenger.interval.high],
        "baseline": evaluation.baseline.value,
        "baseline_name": evaluation.baseline_name,
        "peak_memory": evaluation.peak_memory,
    }


def prepared_data(folder: Path, tree: Tree) -> Prepared:
    tree.job.mkdir(parents=True)
    request = Request(listing=digest_of(folder), project="benchmark", task=None, split=SPLIT)
    return prepare(folder, recognise(folder), request, tree, lambda what, count, total: None)

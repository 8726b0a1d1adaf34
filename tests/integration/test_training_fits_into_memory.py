"""A batch that memory does not hold is computed in parts; the weights are those of a job that planned so."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load
from training_job import Example, container_tree, failure, shapes, weights

from training import train as job
from training.container import Folders, Job
from training.data.augment import Draws
from training.data.pool import Pool
from training.data.preprocessing import Canvas, Grid
from training.tasks.classification import Classification


class Narrow(Classification):
    """A task on a device whose memory holds only so many images at once."""

    holds = 5
    said: RuntimeError = torch.OutOfMemoryError("that is too much")

    def batch(
        self, pool: Pool, chosen: torch.Tensor, draws: Draws, how: Canvas | Grid, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if len(chosen) > self.holds:
            raise self.said
        return super().batch(pool, chosen, draws, how, device)


class Nothing(Narrow):
    holds = 0


class NarrowProcessor(Narrow):
    """A CPU's allocator, and libraries of a GPU, have no class of errors for it."""

    said = RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory")


class Broken(Narrow):
    said = RuntimeError("expected scalar type Float but found Half")


def a_job(base: Path, **overrides: int) -> Folders:
    examples: Sequence[Example] = list(shapes(each=10))
    return container_tree(base, examples, {"least_batches": 4, "batch": 16, "epochs": 2, **overrides})


def on(monkeypatch: pytest.MonkeyPatch, device: type[Classification]) -> None:
    def chosen(told: Job, recipes: job.Cookbook) -> Classification:
        return device(job.choose_recipe(told.task, 2, told.recipe, told.overrides, recipes), told.classes)

    monkeypatch.setattr(job, "chosen_task", chosen)


@pytest.mark.parametrize("device", [Narrow, NarrowProcessor])
def test_it_goes_on_in_smaller_parts_and_says_so(
    device: type[Narrow],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    planned = a_job(tmp_path / "planned", accumulate=4)
    assert job.main(planned) == 0
    on(monkeypatch, device)
    surprised = a_job(tmp_path / "surprised")
    assert job.main(surprised) == 0
    assert "out of memory: from now on a batch is computed in 4 parts" in capsys.readouterr().out
    ours, theirs = load(weights(surprised)), load(weights(planned))
    assert all((ours[name] == theirs[name]).all() for name in theirs)


def test_an_image_too_large_by_itself_ends_the_job_with_what_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(monkeypatch, Nothing)
    folders = a_job(tmp_path)
    assert job.main(folders) == 1
    assert failure(folders) == ("memory does not hold a single image of this size; override size or network")


def test_another_error_is_not_taken_for_want_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(monkeypatch, Broken)
    with pytest.raises(RuntimeError, match="scalar type"):
        job.main(a_job(tmp_path))

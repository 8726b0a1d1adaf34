"""The training benchmark ends every arm alike, and tells where a step's time goes."""

from pathlib import Path

import pytest
import torch

from benchmarks.training.arm import What, until
from benchmarks.training.clock import Clock
from benchmarks.training.profile import OTHER, kind_of, shares
from benchmarks.training.report import within


def stops(score: float, looks: int, minutes_ago: float) -> bool:
    """After two looks of this score."""
    what = What(
        arm="a",
        data=Path(),
        folder=Path(),
        per_class=None,
        minutes=10.0,
        target=0.9,
        workers=0,
    )
    clock = Clock()
    clock.started -= 60 * minutes_ago
    for _ in range(2):
        clock.note(score)
    return until(what, looks)(clock)


@pytest.mark.parametrize(
    ("score", "looks", "minutes_ago", "wanted"),
    [
        (0.5, 1, 1, False),
        (0.95, 1, 1, True),
        # The tutorial's four epochs, as long as they do not outlast the time.
        (0.95, 4, 1, False),
        (0.5, 4, 11, True),
    ],
)
def test_an_arm_ends_when_it_is_good_enough_or_its_time_is_up(
    score: float, looks: int, minutes_ago: float, wanted: bool
) -> None:
    assert stops(score, looks, minutes_ago) is wanted


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("aten::mkldnn_convolution", "products"),
        ("sm90_xmma_fprop_implicit_gemm_bf16", "products"),
        ("aten::native_group_norm", "normalising"),
        ("cudnn::bn_fw_tr_1C11_kernel_instance_norm", "normalising"),
        ("aten::grid_sampler_3d", "moving images"),
        ("aten::_fused_adamw_", "optimiser"),
        ("aten::add_", OTHER),
    ],
)
def test_operations_are_told_apart_by_their_names(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_shares_of_a_step_are_of_its_whole_time() -> None:
    one = torch.rand(64, 64)
    found = shares(lambda: (one @ one).relu(), torch.device("cpu"))
    assert found["products"] > 0
    assert sum(found.values()) == pytest.approx(1, abs=0.01)


def test_a_step_that_is_half_products_reaches_twice_as_much_in_them() -> None:
    step = {
        "seconds": {"load": 0.0, "forward": 1.0, "backward": 3.0, "optimise": 0.0},
        "share of peak": 0.3,
        "profile": {"products": 0.5},
    }
    assert within(step) == pytest.approx(0.6)

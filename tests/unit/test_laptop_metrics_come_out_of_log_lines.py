"""Metrics that functions and jobs write into their logs."""

import json
from typing import Any

import pytest

from local.metrics import Counted, Datum, emf_metrics


def line(metrics: list[dict[str, str]], dimensions: list[list[str]], **values: Any) -> str:
    directive = {"Namespace": "Medloop", "Dimensions": dimensions, "Metrics": metrics}
    return json.dumps({"_aws": {"Timestamp": 1700000000000, "CloudWatchMetrics": [directive]}, **values})


def test_a_powertools_line_becomes_one_datum() -> None:
    text = line(
        [{"Name": "ImageAccepted", "Unit": "Count"}],
        [["service"]],
        service="on_upload",
        ImageAccepted=[1.0, 2.0],
    )
    assert emf_metrics(text) == [
        Datum("Medloop", "ImageAccepted", "Count", (("service", "on_upload"),), (1.0, 2.0), 1700000000000)
    ]


def test_each_set_of_dimensions_is_a_metric_of_its_own() -> None:
    text = line([{"Name": "loss"}], [["project"], ["project", "job"], []], project="skin", job="j", loss=0.5)
    assert [datum.dimensions for datum in emf_metrics(text)] == [
        (("project", "skin"),),
        (("project", "skin"), ("job", "j")),
        (),
    ]


def test_a_metric_without_a_unit_has_none() -> None:
    [datum] = emf_metrics(line([{"Name": "loss"}], [[]], loss=0.5))
    assert datum.request()["Unit"] == "None"


def test_text_in_front_of_the_document_is_passed_over() -> None:
    assert len(emf_metrics("[INFO] " + line([{"Name": "loss"}], [[]], loss=0.5))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "START RequestId: 1",
        '{"message": "training job started"}',
        '{"_aws": {"CloudWatchMetrics": [',
        '{"_aws": {"CloudWatchMetrics": []}}',
        line([{"Name": "loss"}], [[]]),
        line([{"Name": "loss"}], [["project"]], loss=1.0),
        line([{"Name": "loss"}], [[]], loss="high"),
        '["CloudWatchMetrics", {}]',
    ],
)
def test_any_other_line_has_no_metrics(text: str) -> None:
    assert emf_metrics(text) == []


def test_counted_lines_are_forgotten_once_they_cannot_be_read_again() -> None:
    counted = Counted().add({"old": 1_000}).add({"recent": 100_000}).add({"new": 130_000})
    assert counted == Counted(newest=130_000, lines={"recent": 100_000, "new": 130_000})

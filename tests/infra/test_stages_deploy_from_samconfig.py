"""samconfig.toml: dev, staging and prod deploy side by side, built in place, overriding what exists."""

import tomllib
from typing import Any

import pytest
from stack import REPOSITORY, Stack

STAGES = ("dev", "staging", "prod")


def configured(stage: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((REPOSITORY / "samconfig.toml").read_text())[stage]
    return found


def overrides(stage: str) -> dict[str, str]:
    return dict(
        pair.split("=") for pair in configured(stage)["deploy"]["parameters"]["parameter_overrides"].split()
    )


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_names_its_stack_and_itself(stack: Stack, stage: str) -> None:
    deploy = configured(stage)["deploy"]["parameters"]
    assert deploy["stack_name"] == f"medloop-{stage}"
    assert overrides(stage)["Stage"] == stage
    assert deploy["capabilities"] in ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM")
    assert set(overrides(stage)) <= set(stack.template["Parameters"])


@pytest.mark.parametrize("stage", STAGES)
def test_it_is_built_in_source_because_sam_would_copy_the_environments(stage: str) -> None:
    assert configured(stage)["build"]["parameters"]["build_in_source"] is True


@pytest.mark.parametrize("stage", ["staging", "prod"])
def test_a_person_confirms_what_will_change(stage: str) -> None:
    assert configured(stage)["deploy"]["parameters"]["confirm_changeset"] is True


def test_production_keeps_its_logs_for_six_years() -> None:
    assert int(overrides("prod")["LogRetentionDays"]) >= 2192

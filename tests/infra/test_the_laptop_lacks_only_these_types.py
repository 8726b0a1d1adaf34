"""Which resources the laptop's cloud cannot create; all the rest is the same in both places."""

from collections.abc import Iterator
from typing import Any

from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS
from stack import Stack

LACKING = {"AWS::DSQL::Cluster", "AWS::Events::Archive", "AWS::WAFv2::WebACLAssociation"}
"""The catalogue is a PostgreSQL there, nobody replays events of last month, and nobody attacks."""

ON_A_LAPTOP = {
    "IsOnAws": False,
    "HasOwnCatalogue": False,
    "HasOwnImage": True,
    "HasAlertEmail": False,
    "HasConsoleOrigin": True,
}


DECIDED_BY = {
    "CatalogueCluster": "HasOwnCatalogue",
    "EventArchive": "IsOnAws",
    "WebAclAssociation": "IsOnAws",
    "AlertEmailSubscription": "HasAlertEmail",
}
"""The resources that are not everywhere, and the condition each stands behind."""


def problems(stack: Stack) -> Iterator[str]:
    found = {name: r["Condition"] for name, r in stack.resources.items() if "Condition" in r}
    if found != DECIDED_BY:
        yield f"other resources are conditional: {found}"


def created(template: dict[str, Any], conditions: dict[str, bool]) -> set[str]:
    resources = template["Resources"].values()
    return {r["Type"] for r in resources if conditions.get(r.get("Condition", ""), True)}


def test_only_these_resources_are_conditional(stack: Stack) -> None:
    assert not list(problems(stack))


def test_every_condition_is_decided_by_a_parameter(stack: Stack) -> None:
    assert set(stack.template["Conditions"]) == set(ON_A_LAPTOP)


def test_the_laptop_lacks_exactly_these_types(stack: Stack) -> None:
    on_aws = created(stack.template, dict.fromkeys(ON_A_LAPTOP, True))
    assert on_aws - created(stack.template, ON_A_LAPTOP) == LACKING


def test_what_the_laptop_leaves_out_is_what_its_cloud_does_not_know(stack: Stack) -> None:
    assert not created(stack.template, ON_A_LAPTOP) - set(_RESOURCE_HANDLERS)
    assert not LACKING & set(_RESOURCE_HANDLERS)

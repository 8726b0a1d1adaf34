"""WAF: AWS's common rules and known bad inputs, and a limit per address, in front of the API's stage."""

from collections.abc import Iterator
from typing import Any

from stack import Stack

FLOOD = {"RateBasedStatement": {"AggregateKeyType": "IP", "Limit": 10000}}


def managed(name: str, **more: Any) -> dict[str, Any]:
    return {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": name, **more}}


COUNTED = [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}]
"""A hundred file names are larger than what this rule lets pass."""

RULES: list[dict[str, Any]] = [
    {"Name": "Flood", "Action": {"Block": {}}, "Statement": FLOOD},
    {
        "Name": "KnownBadInputs",
        "OverrideAction": {"None": {}},
        "Statement": managed("AWSManagedRulesKnownBadInputsRuleSet"),
    },
    {
        "Name": "CommonThreats",
        "OverrideAction": {"None": {}},
        "Statement": managed("AWSManagedRulesCommonRuleSet", RuleActionOverrides=COUNTED),
    },
]

STAGE = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${Api}/stages/api"


def problems(stack: Stack) -> Iterator[str]:
    acl = stack.properties("WebAcl")
    if acl.get("Scope") != "REGIONAL" or acl.get("DefaultAction") != {"Allow": {}}:
        yield "it stands elsewhere, or lets nobody pass"
    for index, (rule, wanted) in enumerate(zip(acl.get("Rules", []), RULES, strict=True)):
        expected = {**wanted, "Priority": index, "VisibilityConfig": seen(wanted["Name"])}
        if rule != expected:
            yield f"{wanted['Name']} is another rule"
    if acl.get("VisibilityConfig") != seen({"Fn::Sub": "medloop-${Stage}-api"}):
        yield "nobody sees what it stops"
    placed = {"WebACLArn": {"Fn::GetAtt": ["WebAcl", "Arn"]}, "ResourceArn": {"Fn::Sub": STAGE}}
    if stack.properties("WebAclAssociation") != placed:
        yield "it stands in front of nothing"
    if stack.resources["WebAclAssociation"].get("DependsOn") != "ApiapiStage":
        yield "it may be placed before there is a stage"


def seen(metric: Any) -> dict[str, Any]:
    """Counted, but no samples: they would hold the tokens of who asked."""
    return {"CloudWatchMetricsEnabled": True, "MetricName": metric, "SampledRequestsEnabled": False}


def test_the_api_stands_behind_a_firewall(stack: Stack) -> None:
    assert not list(problems(stack))

"""Secrets say where the catalogue and the webhooks are; the idempotency table forgets by itself."""

import json
import re
from collections.abc import Iterator
from typing import Any

from stack import Stack

URL, DSQL = '{"url": "${CatalogueUrl}"}', '"${CatalogueCluster}.dsql.'

HIDDEN = {"CatalogueUrl", "SlackUrl", "PagerDutyKey"}
"""Parameters that hold a password; CloudFormation shows the others to everyone who may look."""


def problems(stack: Stack) -> Iterator[str]:
    catalogue = stack.properties("CatalogueSecret").get("SecretString", {}).get("Fn::If", [None, {}, {}])
    if catalogue[0] != "HasOwnCatalogue" or DSQL not in str(catalogue[1]) or catalogue[2] != {"Fn::Sub": URL}:
        yield "the catalogue's secret does not name the one catalogue there is"
    webhooks = set(fields(stack.properties("WebhooksSecret")))
    if webhooks != {"slack_url", "pagerduty_routing_key", "pagerduty_url"}:
        yield f"the webhooks' secret holds {webhooks}"
    generated = stack.properties("PseudonymSecret").get("GenerateSecretString")
    if generated != {"PasswordLength": 64, "ExcludePunctuation": True}:
        yield "the pseudonym key is too short, or written by hand"
    table = stack.properties("IdempotencyTable")
    if table.get("BillingMode") != "PAY_PER_REQUEST":
        yield "the idempotency table costs money while nothing happens"
    if table.get("TimeToLiveSpecification") != {"AttributeName": "expiration", "Enabled": True}:
        yield "the idempotency table grows for ever"
    if table.get("PointInTimeRecoverySpecification") != {"PointInTimeRecoveryEnabled": True}:
        yield "the idempotency table cannot be brought back"
    keys = [{"AttributeName": "id", "KeyType": "HASH"}], [{"AttributeName": "id", "AttributeType": "S"}]
    if (table.get("KeySchema"), table.get("AttributeDefinitions")) != keys:
        yield "the idempotency table is not the one Powertools expects"
    if stack.properties("CatalogueCluster").get("DeletionProtectionEnabled") is not True:
        yield "one call deletes the catalogue"
    shown = {name for name, p in stack.template["Parameters"].items() if p.get("NoEcho") is not True}
    yield from (f"{name} is shown" for name in HIDDEN & shown)


def fields(secret: dict[str, Any]) -> dict[str, str]:
    pattern = secret.get("SecretString", {}).get("Fn::Sub", "{}")
    parsed: dict[str, str] = json.loads(re.sub(r"\$\{\w+\}", "", pattern))
    return parsed


def test_secrets_and_the_idempotency_table_are_as_the_code_reads_them(stack: Stack) -> None:
    assert not list(problems(stack))

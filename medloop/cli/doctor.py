"""`medloop doctor`: what is wrong, and how to mend it."""

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import typer
from botocore.exceptions import BotoCoreError, ClientError

from medloop.aws import endpoints, queues
from medloop.aws.clients import client
from medloop.aws.secrets import secret_json
from medloop.catalogue.errors import CatalogueError
from medloop.catalogue.models import list_champions
from medloop.cli.target import connect, console, target
from medloop.platform import catalogue
from medloop.rules.deployment import endpoint_name
from medloop.settings import Settings


@dataclass(frozen=True)
class Finding:
    what: str
    ok: bool
    remedy: str = ""


def doctor() -> None:
    """Check tools, stack, triggers, queues, secrets, catalogue and endpoints; exit 1 if anything is wrong."""
    findings = list(tools())
    for finding in findings:
        show(finding)
    settings = connect()
    for check in (stack, triggers, dead_letters, secrets, database, serving):
        findings += [show(finding) for finding in guarded(check, settings)]
    wrong = sum(not finding.ok for finding in findings)
    console.print(f"\n{wrong} to mend" if wrong else "\nall is well", style="bold")
    raise typer.Exit(1 if wrong else 0)


def show(finding: Finding) -> Finding:
    mark = "[green]✓[/]" if finding.ok else "[red]✗[/]"
    console.print(f"{mark} {finding.what}", highlight=False, soft_wrap=True)
    if not finding.ok:
        console.print(f"  {finding.remedy}", highlight=False, soft_wrap=True)
    return finding


def guarded(check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> list[Finding]:
    """A check that cannot be made is itself a finding."""
    try:
        return list(check(settings))
    except (BotoCoreError, ClientError, CatalogueError) as error:
        return [Finding(f"{check.__name__}: {error}", False, "look at the credentials and the network")]


def tools() -> Iterator[Finding]:
    if target.laptop is not None:
        yield Finding("laptop cloud", True)
        found = importlib.util.find_spec("torch") is not None
        yield Finding("PyTorch for training", found, "run `make .venv`")
    yield Finding("make", shutil.which("make") is not None, "install make: `sam build` calls it")


def stack(settings: Settings) -> Iterator[Finding]:
    found = client("cloudformation").describe_stacks(StackName=f"medloop-{settings.stage}")["Stacks"][0]
    status = found["StackStatus"]
    good = status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    yield Finding(f"stack medloop-{settings.stage}: {status}", good, "deploy again: `sam deploy`")


def triggers(settings: Settings) -> Iterator[Finding]:
    """The commonest way for nothing to happen: an event source that is off."""
    pages = client("lambda").get_paginator("list_event_source_mappings").paginate()
    mappings = (mapping for page in pages for mapping in page["EventSourceMappings"])
    states = {mapping["EventSourceArn"].rsplit(":", 1)[-1]: mapping.get("State") for mapping in mappings}
    ours = {name: state for name, state in states.items() if name.startswith(f"medloop-{settings.stage}-")}
    off = [name for name, state in ours.items() if state not in ("Enabled", "Updating")]
    yield Finding(f"{len(ours)} queues wake their functions", bool(ours), "deploy again: `sam deploy`")
    for name in off:
        yield Finding(f"{name} wakes nobody", False, "enable its event source mapping, or deploy again")
    notified = client("s3").get_bucket_notification_configuration(Bucket=settings.uploads_bucket)
    told = "EventBridgeConfiguration" in notified
    yield Finding("uploads bucket tells EventBridge", told, "deploy again: `sam deploy`")


def dead_letters(settings: Settings) -> Iterator[Finding]:
    for depth in queues.depths(f"medloop-{settings.stage}-"):
        if depth.name.endswith("-dlq") and depth.waiting:
            remedy = "find the cause in the function's log, mend it, then redrive the queue"
            yield Finding(f"{depth.name} holds {depth.waiting} messages", False, remedy)
    yield Finding("dead-letter queues were read", True)


def secrets(settings: Settings) -> Iterator[Finding]:
    hooks = secret_json(settings.webhooks_secret_arn)
    for name, field in (("Slack", "slack_url"), ("PagerDuty", "pagerduty_routing_key")):
        remedy = f"set {field} in the webhooks secret; until then nobody is told there"
        yield Finding(f"{name} is set up", bool(hooks.get(field)), remedy)


def database(settings: Settings) -> Iterator[Finding]:
    champions = catalogue().read(list_champions)
    yield Finding(f"catalogue answers; {len(champions)} champions", True)


def serving(settings: Settings) -> Iterator[Finding]:
    for model in catalogue().read(list_champions):
        endpoint = endpoints.describe(endpoint_name(settings.stage, model.project))
        good = endpoint is not None and endpoint.status == "InService"
        state = "is missing" if endpoint is None else f"is {endpoint.status} {endpoint.failure_reason}"
        remedy = f"`medloop promote {model.project} {model.version}` releases it again"
        yield Finding(f"endpoint of {model.project} {state}", good, remedy)

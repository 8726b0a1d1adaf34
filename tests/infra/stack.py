"""The stack as CloudFormation gets it: template.yaml expanded by SAM's own translator, without an account."""

import re
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

REPOSITORY = Path(__file__).resolve().parents[2]
ARTEFACT = "s3://artefacts/archive.zip"
"""Stands for what `sam deploy` uploads: the translator takes no local folder."""

ASKED = "on_api_request"
"""The one door that no queue wakes: API Gateway asks it, and waits for its answer."""

LAYERS = {"on_prediction_made": "ResultsLayer", ASKED: "ApiLayer"}
"""One door writes DICOM objects, and one shall start quickly; all others share the packages of all."""

Properties = dict[str, Any]


@cache
def source() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml_parse((REPOSITORY / "template.yaml").read_text())
    return parsed


def expanded() -> dict[str, Any]:
    """The template after `Transform`, conditions and references left in place."""
    template = deepcopy(source())
    template["Globals"]["Function"]["CodeUri"] = ARTEFACT
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = ARTEFACT
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    result: dict[str, Any] = translator.translate(template, {})
    return result


@dataclass(frozen=True)
class Stack:
    """Questions to an expanded template; missing parts answer with something empty, for mutations' sake."""

    template: dict[str, Any]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        resources: dict[str, dict[str, Any]] = self.template["Resources"]
        return resources

    @cached_property
    def by_type(self) -> dict[str, dict[str, Properties]]:
        found: dict[str, dict[str, Properties]] = defaultdict(dict)
        for name, resource in self.resources.items():
            found[resource["Type"].removeprefix("AWS::")][name] = resource.get("Properties", {})
        return found

    def of_type(self, kind: str) -> dict[str, Properties]:
        """Properties by logical id."""
        return self.by_type.get(kind, {})

    def properties(self, name: str | None) -> Properties:
        found: Properties = self.resources.get(name or "", {}).get("Properties", {})
        return found

    def doors(self) -> list["Door"]:
        return self._doors

    @cached_property
    def _doors(self) -> list["Door"]:
        """Kept, with what each finds out about itself: mutations ask thousands of stacks the same."""
        return [Door(self, name) for name in self.of_type("Lambda::Function")]

    def woken(self) -> list["Door"]:
        """The doors that have a queue."""
        return [door for door in self.doors() if door.name != ASKED]

    def statements(self, kind: str) -> Iterator[tuple[str, Properties]]:
        """(logical id, statement) of every policy document in resources of this type."""
        for name, properties in self.of_type(kind).items():
            for document in documents(properties):
                yield from ((name, without_condition(s)) for s in document.get("Statement", []))


@dataclass(frozen=True)
class Door:
    """A function with what belongs to it, by logical ids."""

    stack: Stack
    function: str

    @property
    def properties(self) -> Properties:
        return self.stack.properties(self.function)

    @property
    def name(self) -> str:
        """`on_upload`, from its handler `functions.on_upload.handler`."""
        return str(self.properties.get("Handler", "..")).split(".")[1]

    @property
    def packages(self) -> str:
        """The layer that it should have."""
        return LAYERS.get(self.name, "PackagesLayer")

    @cached_property
    def mappings(self) -> list[Properties]:
        mappings = self.stack.of_type("Lambda::EventSourceMapping").values()
        return [mapping for mapping in mappings if target(mapping.get("FunctionName")) == self.function]

    @cached_property
    def queue(self) -> str:
        return next((target(mapping.get("EventSourceArn")) for mapping in self.mappings), "")

    @cached_property
    def dead_letters(self) -> str:
        return dead_letters(self.stack.properties(self.queue))

    @property
    def role(self) -> str:
        return target(self.properties.get("Role"))

    @property
    def logs(self) -> str:
        return target(self.properties.get("LoggingConfig", {}).get("LogGroup"))

    @property
    def alarms(self) -> list[str]:
        """Of its dead-letter queue."""
        alarms = self.stack.of_type("CloudWatch::Alarm").items()
        return [name for name, alarm in alarms if self.dead_letters in references(alarm.get("Dimensions"))]


def documents(properties: Properties) -> list[Properties]:
    """The policy documents of one resource; who may assume a role is not among them."""
    found = [properties.get("PolicyDocument"), properties.get("KeyPolicy")]
    found += [policy.get("PolicyDocument") for policy in properties.get("Policies", [])]
    return [document for document in found if document]


def dead_letters(queue: Properties) -> str:
    return target(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn"))


def target(value: Any) -> str:
    """The logical id that a reference names; empty for none."""
    return next(iter(sorted(references(value))), "")


def references(value: Any) -> set[str]:
    """Every logical id that is mentioned, pseudo parameters aside."""
    if isinstance(value, dict):
        if "Ref" in value:
            return {value["Ref"]} - {"AWS::NoValue"}
        if "Fn::GetAtt" in value:
            return {value["Fn::GetAtt"][0]}
        if "Fn::Sub" in value:
            names = re.findall(r"\$\{([\w:]+)", value["Fn::Sub"])
            return {name for name in names if not name.startswith("AWS::")} - {"Stage"}
        return set[str]().union(*map(references, value.values()))
    return set[str]().union(*map(references, value)) if isinstance(value, list) else set()


def without_condition(statement: Properties) -> Properties:
    """The statement itself where it stands in `Fn::If: [condition, statement, NoValue]`."""
    chosen: Properties = statement["Fn::If"][1] if "Fn::If" in statement else statement
    return chosen


def origin(ending: str = "") -> Properties:
    """The console's address: the one that was given, else the distribution's own."""
    own = {"Fn::Sub": f"https://${{ConsoleDistribution.DomainName}}{ending}"}
    given = {"Fn::Sub": f"${{ConsoleOrigin}}{ending}"} if ending else {"Ref": "ConsoleOrigin"}
    return {"Fn::If": ["HasConsoleOrigin", given, own]}


def listed(value: Any) -> list[Any]:
    """IAM lets one thing stand for a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def text(value: Any) -> str:
    """A plain string or the pattern of Fn::Sub."""
    return (
        value if isinstance(value, str) else str(value.get("Fn::Sub", "")) if isinstance(value, dict) else ""
    )

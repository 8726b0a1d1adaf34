"""What medloop/settings.py reads is in every function's environment, and in the stack's outputs, equally."""

from collections.abc import Iterator
from typing import Any

from stack import Stack

from medloop.settings import Settings

POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_LOG_LEVEL"}

FIELDS = {
    field.upper(): "".join(part.capitalize() for part in field.split("_")) for field in Settings.model_fields
}
"""Variable → output."""


def problems(stack: Stack) -> Iterator[str]:
    outputs = {name: output["Value"] for name, output in stack.template["Outputs"].items()}
    if set(outputs) != set(FIELDS.values()):
        yield f"outputs differ: {sorted(set(outputs) ^ set(FIELDS.values()))}"
    for door in stack.doors():
        variables = environment(door.properties)
        if set(variables) != {*FIELDS, *POWERTOOLS}:
            yield f"{door.function}: environment differs: {sorted(set(variables) ^ {*FIELDS, *POWERTOOLS})}"
        for variable, output in FIELDS.items():
            if variables.get(variable) != outputs.get(output):
                yield f"{door.function}: {variable} is not what the output {output} says"


def environment(function: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = function.get("Environment", {}).get("Variables", {})
    return found


def test_environment_and_outputs_are_the_fields_of_settings(stack: Stack) -> None:
    assert not list(problems(stack))


def test_settings_read_the_outputs(stack: Stack) -> None:
    outputs = {name: "true" if name == "SpotTraining" else "1" for name in stack.template["Outputs"]}
    assert Settings.from_outputs(outputs).spot_training

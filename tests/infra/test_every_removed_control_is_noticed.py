"""Mutation: take each key and each list entry out of the stack once; some test of this folder must notice.

A test module takes part by offering `problems(stack)`.
"""

import importlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack import Stack, expanded

Place = tuple[str | int, ...]
"""Keys and indices from a resource down to what is taken out."""

HERE = Path(__file__).parent
CHECKS: list[Callable[[Stack], Iterator[str]]] = [
    module.problems
    for module in (
        importlib.import_module(file.stem)
        for file in sorted(HERE.glob("test_*.py"))
        if file != Path(__file__)
    )
    if hasattr(module, "problems")
]

NEUTRAL_KEYS = {
    "Description": "is for people",
    "Metadata": "is read by sam build, before there is a stack",
    "Tags": "are for people",
    "MaximumBatchingWindowInSeconds": "trades a second of latency for fewer invocations",
    "Id": "only tells one from another",
    "Sid": "only tells one from another",
    "PolicyName": "only tells one from another",
    "Code": "is where sam deploy put the artefact",
}

NEUTRAL = {
    "AWS::Lambda::LayerVersion": "its packages are proven by importing every door from the artefact",
    "AWS::KMS::Alias": "a name for people",
    "AWS::Events::EventBus": "without it nothing deploys: every function refers to it",
    "AWS::ApiGateway::Deployment": "made by SAM; without it there is no stage",
    "AWS::Events::Archive": "a convenience: nothing of ours reads it",
}
"""Resource types whose loss takes no protection away."""


@dataclass(frozen=True)
class Mutation:
    resource: str
    path: Place

    def __str__(self) -> str:
        return ".".join(map(str, (self.resource, *self.path)))


def mutations(template: dict[str, Any]) -> Iterator[Mutation]:
    for name, resource in template["Resources"].items():
        if resource["Type"] not in NEUTRAL:
            yield Mutation(name, ())
            yield from (Mutation(name, path) for path in removable(resource, ()))


def removable(value: Any, at: Place) -> Iterator[Place]:
    """Every place below `value`, but nothing inside a reference or a grant: those say what, not whether."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        here = (*at, key)
        if key in NEUTRAL_KEYS or str(key).startswith("Fn::") or key in ("Ref", "Type"):
            continue
        yield here
        yield from removable(child, here)


def without(template: dict[str, Any], mutation: Mutation) -> Stack:
    """The stack less one thing; what is not touched is shared, not copied."""
    resources = dict(template["Resources"])
    if mutation.path:
        resources[mutation.resource] = pruned(resources[mutation.resource], mutation.path)
    else:
        del resources[mutation.resource]
    return Stack({**template, "Resources": resources})


def pruned(value: Any, path: Place) -> Any:
    copy = value.copy()
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = pruned(value[path[0]], path[1:])
    return copy


def is_noticed(stack: Stack) -> bool:
    try:
        return any(next(check(stack), None) for check in CHECKS)
    except (LookupError, TypeError, ValueError, AttributeError):
        return True


def test_the_stack_as_it_is_has_no_problems(stack: Stack) -> None:
    assert not is_noticed(stack)


def test_every_removal_is_noticed() -> None:
    template = deepcopy(expanded())
    missed = [
        str(mutation) for mutation in mutations(template) if not is_noticed(without(template, mutation))
    ]
    assert missed == []

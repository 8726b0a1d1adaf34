"""Each door has one queue, one dead-letter queue, one alarm on that, one role and one log group.

The one that the API asks has no queue; API Gateway is let in instead.
"""

import re
from collections import Counter
from collections.abc import Iterator

from stack import ASKED, REPOSITORY, Door, Stack, target, text


def problems(stack: Stack) -> Iterator[str]:
    doors = stack.doors()
    files = {file.stem for file in (REPOSITORY / "functions").glob("on_*.py")}
    if {door.name for door in doors} != files:
        yield f"functions and files differ: {sorted({door.name for door in doors} ^ files)}"
    for door in doors:
        lacking = missing(door) | (unheard(door) if door.name == ASKED else unfed(door))
        yield from (f"{door.function}: no {what}" for what, present in lacking.items() if not present)
    for what in ("queue", "dead_letters", "role", "logs"):
        having = stack.woken() if what in ("queue", "dead_letters") else doors
        shared = [name for name, uses in Counter(getattr(door, what) for door in having).items() if uses > 1]
        yield from (f"{name} is the {what} of several doors" for name in shared)
    served = {queue for door in stack.woken() for queue in (door.queue, door.dead_letters)}
    yield from (f"nothing reads {queue}" for queue in stack.of_type("SQS::Queue") if queue not in served)


def unfed(door: Door) -> dict[str, bool]:
    return {
        "one mapping": len(door.mappings) == 1,
        "queue": door.queue in door.stack.of_type("SQS::Queue"),
        "dead-letter queue": door.dead_letters in door.stack.of_type("SQS::Queue"),
        "one alarm on dead letters": len(door.alarms) == 1,
    }


def unheard(door: Door) -> dict[str, bool]:
    """Only this stack's API may invoke the door that it asks, and only in its one stage."""
    arn = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/api/*"
    permission = {
        "FunctionName": {"Ref": door.function},
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": {"Fn::Sub": arn},
    }
    return {
        "permission for the API": list(door.stack.of_type("Lambda::Permission").values()) == [permission],
        "answer before the API gives up": door.properties.get("Timeout", 900) <= 29,
        "processor for a quick start": door.properties.get("MemorySize", 0) >= 1024,
    }


def missing(door: Door) -> dict[str, bool]:
    """What every door needs, and whether it is there."""
    kebab = door.name.replace("_", "-")
    return {
        "function": text(door.properties.get("FunctionName")) == f"medloop-${{Stage}}-{kebab}",
        "handler": door.properties.get("Handler") == f"functions.{door.name}.handler",
        "role": door.role in door.stack.of_type("IAM::Role"),
        "log group": is_kept_for_a_while(door, f"/aws/lambda/medloop-${{Stage}}-{kebab}"),
        "tracing": door.properties.get("TracingConfig") == {"Mode": "Active"},
        "time-out": 0 < door.properties.get("Timeout", 0) <= 900,
        "memory": door.properties.get("MemorySize", 0) >= 512,
        "runtime": door.properties.get("Runtime") == {"Ref": "PythonRuntime"},
        "architecture of the packages": door.properties.get("Architectures") == ["x86_64"],
        "packages": [layer_of(one) for one in door.properties.get("Layers", [])] == [door.packages],
    }


def layer_of(reference: object) -> str:
    """Without the hash that the SAM transform adds."""
    return re.sub(r"Layer[0-9a-f]+$", "Layer", target(reference))


def is_kept_for_a_while(door: Door, name: str) -> bool:
    group = door.stack.properties(door.logs)
    days: object = group.get("RetentionInDays")
    return text(group.get("LogGroupName")) == name and days == {"Ref": "LogRetentionDays"}


def test_every_door_has_its_own_queue_dead_letters_alarm_role_and_log_group(stack: Stack) -> None:
    assert not list(problems(stack))
    assert len(stack.doors()) == 16

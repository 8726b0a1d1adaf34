"""Each door has one queue, one dead-letter queue, one alarm on that, one role and one log group."""

import re
from collections import Counter
from collections.abc import Iterator

from stack import REPOSITORY, Door, Stack, target, text


def problems(stack: Stack) -> Iterator[str]:
    doors = stack.doors()
    files = {file.stem for file in (REPOSITORY / "functions").glob("on_*.py")}
    if {door.name for door in doors} != files:
        yield f"functions and files differ: {sorted({door.name for door in doors} ^ files)}"
    for door in doors:
        yield from (f"{door.function}: {what}" for what in missing(door))
    for what in ("queue", "dead_letters", "role", "logs"):
        shared = [name for name, uses in Counter(getattr(door, what) for door in doors).items() if uses > 1]
        yield from (f"{name} is the {what} of several doors" for name in shared)
    served = {door.queue for door in doors} | {door.dead_letters for door in doors}
    yield from (f"nothing reads {queue}" for queue in stack.of_type("SQS::Queue") if queue not in served)


def missing(door: Door) -> Iterator[str]:
    kebab = door.name.replace("_", "-")
    names = {
        "function": text(door.properties.get("FunctionName")) == f"medloop-${{Stage}}-{kebab}",
        "handler": door.properties.get("Handler") == f"functions.{door.name}.handler",
        "one mapping": len(door.mappings) == 1,
        "queue": door.queue in door.stack.of_type("SQS::Queue"),
        "dead-letter queue": door.dead_letters in door.stack.of_type("SQS::Queue"),
        "one alarm on dead letters": len(door.alarms) == 1,
        "role": door.role in door.stack.of_type("IAM::Role"),
        "log group": is_kept_for_a_while(door, f"/aws/lambda/medloop-${{Stage}}-{kebab}"),
        "tracing": door.properties.get("TracingConfig") == {"Mode": "Active"},
        "time-out": 0 < door.properties.get("Timeout", 0) <= 900,
        "memory": door.properties.get("MemorySize", 0) >= 512,
        "runtime": door.properties.get("Runtime") == {"Ref": "PythonRuntime"},
        "architecture of the packages": door.properties.get("Architectures") == ["x86_64"],
        "packages": [layer_of(one) for one in door.properties.get("Layers", [])] == [packages_of(door)],
    }
    yield from (f"no {what}" for what, present in names.items() if not present)


def layer_of(reference: object) -> str:
    """Without the hash that the SAM transform adds."""
    return re.sub(r"Layer[0-9a-f]+$", "Layer", target(reference))


def packages_of(door: Door) -> str:
    """One door writes DICOM objects; what that takes and the decoders would be too large together."""
    return "ResultsLayer" if door.name == "on_prediction_made" else "PackagesLayer"


def is_kept_for_a_while(door: Door, name: str) -> bool:
    group = door.stack.properties(door.logs)
    days: object = group.get("RetentionInDays")
    return text(group.get("LogGroupName")) == name and days == {"Ref": "LogRetentionDays"}


def test_every_door_has_its_own_queue_dead_letters_alarm_role_and_log_group(stack: Stack) -> None:
    assert not list(problems(stack))
    assert len(stack.doors()) == 15

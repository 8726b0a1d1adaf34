"""A message is given to its door five times, never to two workers at once, and then kept as a dead letter."""

from collections.abc import Iterator

from stack import Door, Stack, dead_letters

DAY = 24 * 3600


def problems(stack: Stack) -> Iterator[str]:
    for door in stack.woken():
        yield from (f"{door.function}: {what}" for what in weaknesses(door))


def weaknesses(door: Door) -> Iterator[str]:
    queue, kept = door.stack.properties(door.queue), door.stack.properties(door.dead_letters)
    if queue.get("VisibilityTimeout", 30) < 6 * door.properties.get("Timeout", 3):
        yield "the queue shows a message again before six time-outs of the function have passed"
    if queue.get("RedrivePolicy", {}).get("maxReceiveCount", 0) < 5:
        yield "fewer than five attempts: throttling alone would dead-letter good messages"
    if kept.get("MessageRetentionPeriod", 4 * DAY) < 14 * DAY:
        yield "dead letters are not kept for 14 days"
    # SQS counts from the first sending on: a dead letter must outlive the queue that it comes from.
    if kept.get("MessageRetentionPeriod", 4 * DAY) <= queue.get("MessageRetentionPeriod", 14 * DAY):
        yield "dead letters expire before the messages they were"
    if dead_letters(kept):
        yield "dead letters are redriven on their own"
    for mapping in door.mappings:
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield "one bad record would fail, or lose, its whole batch"
        if not 1 <= mapping.get("BatchSize", 100) <= 10:
            yield "batches are too large for one time-out"
        if not mapping.get("ScalingConfig", {}).get("MaximumConcurrency"):
            yield "one flood would use up all concurrency of the account"


def test_a_message_is_tried_five_times_and_then_kept(stack: Stack) -> None:
    assert not list(problems(stack))

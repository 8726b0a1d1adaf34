"""What every door has: one SQS batch, partial failures, logs, traces and metrics without patient data."""

import re
import traceback
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from medloop.settings import settings

# auto_patch would write S3 keys, which are the user's and may name a patient, into the trace.
tracer = Tracer(auto_patch=False)
metrics = Metrics(namespace="Medloop")
logger = Logger()

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]

LEAST_SHARE = 0.2
"""Of an invocation's time that must be left for another record: out of time, the whole batch comes again."""


class LeftForLater(Exception):
    """The record was not begun; its message comes again."""


def door(handle: Callable[[str], None]) -> Handler:
    """A Lambda handler that gives each SQS body to `handle`.

    What raises is tried again by SQS, and dead-lettered after maxReceiveCount.
    """
    metrics.set_default_dimensions(Stage=settings().stage)
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def record_handler(record: SQSRecord) -> None:
        try:
            handle(record.body)
        except Exception as error:
            metrics.add_metric("ErrorRate", MetricUnit.Percent, 100)
            logger.error("record failed", error=telling_of(error), at=place_of(error))
            raise
        metrics.add_metric("ErrorRate", MetricUnit.Percent, 0)

    def in_time(context: LambdaContext) -> Callable[[SQSRecord], None]:
        least = LEAST_SHARE * context.get_remaining_time_in_millis()

        def begin(record: SQSRecord) -> None:
            if context.get_remaining_time_in_millis() < least:
                metrics.add_metric("LeftForLater", MetricUnit.Count, 1)
                raise LeftForLater
            record_handler(record)

        return begin

    @logger.inject_lambda_context
    @tracer.capture_lambda_handler(capture_response=False, capture_error=False)
    @metrics.log_metrics
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        batch = {**event, "Records": in_turn(event["Records"])}
        return dict(process_partial_response(batch, in_time(context), processor, context))

    return handler  # type: ignore[no-any-return]


def in_turn(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every second attempt goes backwards: a record that never ends must not always stand before others."""
    attempt = max(int(record["attributes"]["ApproximateReceiveCount"]) for record in records)
    return records[::-1] if attempt % 2 == 0 else records


def telling_of(error: Exception) -> str:
    """The error's type, with AWS's own code. Its text may quote a key or a header."""
    if isinstance(error, ClientError):
        return f"{error.operation_name} {error.response['Error']['Code']}"
    return type(error).__name__


def place_of(error: Exception) -> str:
    """Where our own code was when it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if re.search(r"/(functions|medloop|events)/", frame.filename)]
    frame = (ours or frames)[-1]
    return f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} in {frame.name}"

"""The log of a training job, followed while it is written."""

from botocore.exceptions import ClientError

from medloop.aws.clients import client
from medloop.aws.training_jobs import LOG_GROUP


class JobLog:
    """Every line once, however often one asks; a machine that takes over writes a stream of its own."""

    def __init__(self, job: str) -> None:
        self._job = job
        self._reached: dict[str, str] = {}

    def new_lines(self) -> list[str]:
        """What was written since the last time; nothing before the container has started."""
        try:
            return [line for stream in self._streams() for line in self._new_of(stream)]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return []
            raise

    def _streams(self) -> list[str]:
        answer = client("logs").describe_log_streams(
            logGroupName=LOG_GROUP, logStreamNamePrefix=f"{self._job}/"
        )
        return sorted(stream["logStreamName"] for stream in answer["logStreams"])

    def _new_of(self, stream: str) -> list[str]:
        lines: list[str] = []
        while True:
            token = self._reached.get(stream)
            answer = client("logs").get_log_events(
                logGroupName=LOG_GROUP,
                logStreamName=stream,
                startFromHead=True,
                **({} if token is None else {"nextToken": token}),
            )
            lines += [str(event["message"]).rstrip() for event in answer["events"]]
            self._reached[stream] = answer["nextForwardToken"]
            # CloudWatch gives the same token again where there is no more; a page may be empty before.
            if answer["nextForwardToken"] == token:
                return lines

"""Dead letters go back to their source: sent first, deleted then, and never more than waited at the start."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from medloop.aws.clients import client
from medloop.aws.redrive import DeadLetters, NotMoved, dead_letters, oldest, redrive

HERE = "https://sqs.eu-west-1.amazonaws.com/123456789012/"
ARN = "arn:aws:sqs:eu-west-1:123456789012:"
DEAD, SOURCE = "medloop-dev-intake-dlq", "medloop-dev-intake"
TASK = {"SourceArn": ARN + DEAD, "DestinationArn": ARN + SOURCE}


def queue(waiting: int) -> DeadLetters:
    return DeadLetters(DEAD, HERE + DEAD, ARN + DEAD, SOURCE, HERE + SOURCE, ARN + SOURCE, waiting, 0)


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Answers in the order in which they are added; anything else that is asked fails the test."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    client.cache_clear()
    with Stubber(client("sqs")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
    client.cache_clear()


def no_task(sqs: Stubber) -> None:
    sqs.add_client_error("start_message_move_task", "InvalidAction", expected_params=TASK)


def received(sqs: Stubber, most: int, *bodies: str) -> None:
    asked = {
        "QueueUrl": HERE + DEAD,
        "MaxNumberOfMessages": most,
        "VisibilityTimeout": ANY,
        "WaitTimeSeconds": ANY,
        "MessageAttributeNames": ["All"],
    }
    messages = [{"MessageId": body, "ReceiptHandle": f"handle {body}", "Body": body} for body in bodies]
    sqs.add_response("receive_message", {"Messages": messages} if bodies else {}, asked)


def sent(sqs: Stubber, *bodies: str, refused: tuple[str, ...] = ()) -> None:
    entries = [
        {"Id": str(number), "MessageBody": body, "MessageAttributes": {}}
        for number, body in enumerate(bodies)
    ]
    answers = [
        {"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "5"}
        for entry in entries
        if entry["MessageBody"] not in refused
    ]
    failed = [
        {"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"}
        for entry in entries
        if entry["MessageBody"] in refused
    ]
    answer = {"Successful": answers, "Failed": failed}
    sqs.add_response("send_message_batch", answer, {"QueueUrl": HERE + SOURCE, "Entries": entries})


def deleted(sqs: Stubber, **handles: str) -> None:
    entries = [
        {"Id": number.removeprefix("n"), "ReceiptHandle": f"handle {body}"}
        for number, body in handles.items()
    ]
    answer: dict[str, list[Any]] = {"Successful": [], "Failed": []}
    sqs.add_response("delete_message_batch", answer, {"QueueUrl": HERE + DEAD, "Entries": entries})


def test_messages_are_sent_before_they_are_deleted(sqs: Stubber) -> None:
    no_task(sqs)
    received(sqs, 3, "a", "b")
    sent(sqs, "a", "b")
    deleted(sqs, n0="a", n1="b")
    received(sqs, 1, "c")
    sent(sqs, "c")
    deleted(sqs, n0="c")
    assert list(redrive(queue(3))) == [2, 3]


def test_those_that_come_back_meanwhile_are_left_for_another_time(sqs: Stubber) -> None:
    no_task(sqs)
    received(sqs, 1, "a")
    sent(sqs, "a")
    deleted(sqs, n0="a")
    assert list(redrive(queue(1))) == [1]


def test_it_ends_where_others_were_faster(sqs: Stubber) -> None:
    no_task(sqs)
    received(sqs, 10)
    assert list(redrive(queue(40))) == []


def test_what_the_source_refused_is_not_deleted(sqs: Stubber) -> None:
    no_task(sqs)
    received(sqs, 2, "a", "b")
    sent(sqs, "a", "b", refused=("a",))
    deleted(sqs, n1="b")
    with pytest.raises(NotMoved, match="refused 1 of 2"):
        list(redrive(queue(2)))


def test_nothing_is_deleted_when_sending_fails(sqs: Stubber) -> None:
    no_task(sqs)
    received(sqs, 1, "a")
    sqs.add_client_error("send_message_batch", "AccessDenied")
    with pytest.raises(ClientError):
        list(redrive(queue(1)))


def test_aws_moves_them_by_itself_and_is_watched(sqs: Stubber) -> None:
    sqs.add_response("start_message_move_task", {"TaskHandle": "t"}, TASK)
    sqs.add_response("list_message_move_tasks", {})
    for status, moved in (("RUNNING", 3), ("COMPLETED", 5)):
        result = {"Status": status, "ApproximateNumberOfMessagesMoved": moved}
        sqs.add_response(
            "list_message_move_tasks", {"Results": [result]}, {"SourceArn": ARN + DEAD, "MaxResults": 1}
        )
    assert list(redrive(queue(5), pause_seconds=0)) == [0, 3, 5]


def test_a_task_that_failed_says_why(sqs: Stubber) -> None:
    sqs.add_response("start_message_move_task", {"TaskHandle": "t"}, TASK)
    result = {"Status": "FAILED", "FailureReason": "AccessDenied", "ApproximateNumberOfMessagesMoved": 1}
    sqs.add_response("list_message_move_tasks", {"Results": [result]})
    with pytest.raises(NotMoved, match="AccessDenied"):
        list(redrive(queue(5)))


def test_a_missing_right_is_no_reason_to_move_them_otherwise(sqs: Stubber) -> None:
    sqs.add_client_error("start_message_move_task", "AccessDenied")
    with pytest.raises(ClientError):
        list(redrive(queue(5)))


def test_dead_letter_queues_are_known_by_who_names_them(sqs: Stubber) -> None:
    policy = json.dumps({"deadLetterTargetArn": ARN + DEAD, "maxReceiveCount": 5})
    sqs.add_response("list_queues", {"QueueUrls": [HERE + SOURCE, HERE + DEAD]})
    for name, waiting, extra in ((SOURCE, "7", {"RedrivePolicy": policy}), (DEAD, "3", {})):
        attributes = {
            "QueueArn": ARN + name,
            "ApproximateNumberOfMessages": waiting,
            "ApproximateNumberOfMessagesNotVisible": "0",
            **extra,
        }
        asked = {"QueueUrl": HERE + name, "AttributeNames": ANY}
        sqs.add_response("get_queue_attributes", {"Attributes": attributes}, asked)
    assert dead_letters("medloop-dev-") == [queue(3)]


def test_looking_at_the_oldest_hides_nothing(sqs: Stubber) -> None:
    asked = {
        "QueueUrl": HERE + DEAD,
        "MaxNumberOfMessages": 10,
        "VisibilityTimeout": 0,
        "MessageSystemAttributeNames": ["SentTimestamp"],
    }
    messages = [{"MessageId": "m", "Attributes": {"SentTimestamp": str(at)}} for at in (2000, 1000, 3000)]
    sqs.add_response("receive_message", {"Messages": messages}, asked)
    first = oldest(queue(3))
    assert first is not None and first.timestamp() == 1.0
    sqs.add_response("receive_message", {}, asked)
    assert oldest(queue(0)) is None

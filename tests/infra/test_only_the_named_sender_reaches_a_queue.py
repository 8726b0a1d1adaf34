"""Each queue takes from its own rules and topics only, and what they cannot deliver is kept."""

from collections.abc import Iterator
from typing import Any

from stack import Stack, dead_letters, listed, target

SENDERS = {
    "IntakeQueue": {"ObjectCreatedRule"},
    "ArchivesQueue": set[str](),
    "SeriesDueQueue": set[str](),
    "RetrainingChecksQueue": {"RetrainingCheckRule"},
    "TrainingRequestsQueue": set[str](),
    "TrainingOutcomesQueue": {"TrainingJobChangedRule"},
    "ModelApprovalsQueue": {"ModelPackageChangedRule"},
    "EndpointChangesQueue": {"EndpointChangedRule"},
    "InferenceRequestsQueue": set[str](),
    "InferenceOutcomesQueue": {"InferenceSuccessTopic", "InferenceFailureTopic"},
    "BackupsDueQueue": {"DailyBackupRule", "HourlyBackupRule"},
    "ReconciliationsDueQueue": {"ReconcileRule"},
    "RestoreDrillsDueQueue": {"RestoreDrillRule"},
    "AlarmsQueue": {"AlarmsTopic"},
}
"""The services that write; functions and people write by their own policies."""

DAY = 24 * 3600


def problems(stack: Stack) -> Iterator[str]:
    sending = {queue: senders(stack, queue) for queue in SENDERS}
    yield from (
        f"{queue} is fed by {sorted(found)}" for queue, found in sending.items() if found != SENDERS[queue]
    )
    for queue, wanted in SENDERS.items():
        allowed = allowances(stack, queue)
        if sorted(allowed) != sorted(wanted):
            yield f"{queue} lets in {allowed}"
    for name, rule in stack.of_type("Events::Rule").items():
        yield from (f"{name}: {what}" for what in rule_problems(stack, rule))
    yield from topic_problems(stack)
    for name, subscription in queue_subscriptions(stack).items():
        yield from (f"{name}: {what}" for what in subscription_problems(stack, subscription))


def senders(stack: Stack, queue: str) -> set[str]:
    rules = stack.of_type("Events::Rule").items()
    found = {name for name, rule in rules for t in rule.get("Targets", []) if target(t.get("Arn")) == queue}
    subscriptions = queue_subscriptions(stack).values()
    return found | {target(s.get("TopicArn")) for s in subscriptions if target(s.get("Endpoint")) == queue}


def queue_subscriptions(stack: Stack) -> dict[str, dict[str, Any]]:
    found = stack.of_type("SNS::Subscription").items()
    return {name: subscription for name, subscription in found if subscription.get("Protocol") == "sqs"}


def allowances(stack: Stack, queue: str) -> list[str]:
    """Who may send into this queue and its dead letters; `anybody` where no condition names one."""
    kept = dead_letters(stack.properties(queue))
    found = []
    for _, statement in stack.statements("SQS::QueuePolicy"):
        open_to = {target(resource) for resource in listed(statement.get("Resource"))}
        if statement.get("Effect") == "Allow" and open_to & {queue, kept}:
            found.append(named_sender(statement) if open_to == {queue, kept} else "part of the queues")
    return found


def named_sender(statement: dict[str, Any]) -> str:
    sender = target(statement.get("Condition", {}).get("ArnEquals", {}).get("aws:SourceArn"))
    service = "sns.amazonaws.com" if sender.endswith("Topic") else "events.amazonaws.com"
    plain = (
        statement.get("Principal") == {"Service": service} and statement.get("Action") == "sqs:SendMessage"
    )
    return sender if sender and plain else "anybody"


def rule_problems(stack: Stack, rule: dict[str, Any]) -> Iterator[str]:
    if len(rule.get("Targets", [])) != 1:
        yield "not exactly one target"
    for aim in rule.get("Targets", []):
        kept = dead_letters(stack.properties(target(aim.get("Arn"))))
        if not kept or target(aim.get("DeadLetterConfig")) != kept:
            yield "what cannot be delivered is dropped"
        retries = aim.get("RetryPolicy", {})
        if (retries.get("MaximumEventAgeInSeconds"), retries.get("MaximumRetryAttempts")) != (DAY, 185):
            yield "delivery is not tried for a day"


def subscription_problems(stack: Stack, subscription: dict[str, Any]) -> Iterator[str]:
    kept = dead_letters(stack.properties(target(subscription.get("Endpoint"))))
    if subscription.get("RawMessageDelivery") is not True:
        yield "messages arrive wrapped"
    if not kept or dead_letters(subscription) != kept:
        yield "what cannot be delivered is dropped"


def topic_problems(stack: Stack) -> Iterator[str]:
    """CloudWatch may ring for alarms of this stage; everybody else publishes by a policy of its own."""
    arn = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:medloop-${Stage}-*"
    ringing = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": {"Ref": "AlarmsTopic"},
        "Condition": {"ArnLike": {"aws:SourceArn": {"Fn::Sub": arn}}},
    }
    allowed = [
        statement for _, statement in stack.statements("SNS::TopicPolicy") if statement["Effect"] == "Allow"
    ]
    if [{key: s[key] for key in s if key != "Sid"} for s in allowed] != [ringing]:
        yield "others than this stage's alarms ring"
    email = {"TopicArn": {"Ref": "AlarmsTopic"}, "Protocol": "email", "Endpoint": {"Ref": "AlertEmail"}}
    if email not in stack.of_type("SNS::Subscription").values():
        yield "nobody gets an e-mail"


def test_each_queue_lets_in_its_rules_and_topics_and_nobody_else(stack: Stack) -> None:
    assert not list(problems(stack))

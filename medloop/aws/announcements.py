"""Facts onto the platform's event bus, and alerts onto the alarms topic."""

from events.alarms import AlertRaised
from events.message import Message
from medloop.aws.clients import client


class NotAnnounced(RuntimeError):
    """EventBridge did not take the event; the door's message is retried."""


def announce(bus: str, fact: Message) -> None:
    """Publish a fact under source `medloop`, detail-type = its name."""
    entry = {
        "EventBusName": bus,
        "Source": "medloop",
        "DetailType": type(fact).__name__,
        "Detail": fact.model_dump_json(),
    }
    answer = client("events").put_events(Entries=[entry])
    if answer.get("FailedEntryCount"):
        raise NotAnnounced(answer["Entries"][0].get("ErrorCode", "unknown"))


def raise_alert(topic_arn: str, alert: AlertRaised) -> None:
    client("sns").publish(TopicArn=topic_arn, Message=alert.model_dump_json())

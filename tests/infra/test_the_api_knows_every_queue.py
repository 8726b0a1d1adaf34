"""The queues that the API shows and redrives are the template's, each with its dead letters."""

from stack import Stack, text

from medloop.rules.queues import QUEUES, dead_letter_name, queue_name


def test_the_names_are_the_templates(stack: Stack) -> None:
    made = {text(queue.get("QueueName")) for queue in stack.of_type("SQS::Queue").values()}
    named = {make("${Stage}", queue) for queue in QUEUES for make in (queue_name, dead_letter_name)}
    assert made == named

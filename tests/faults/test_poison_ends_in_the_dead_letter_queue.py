"""What can never succeed is tried exactly five times, rings, and is taken in once its cause is mended."""

import pytest

from benchmarks.books import DEAD, Books
from benchmarks.stage import Stage, until
from local.faults import Faults, Plan
from tests.faults.conftest import scaled

pytestmark = pytest.mark.cloud

MAX_RECEIVE_COUNT = 5


def test_poison_among_good_files(stage: Stage, faults: Faults, books: Books, slices: list[bytes]) -> None:
    poisonous = max(2, scaled(60) // 50)
    faults.follow(Plan(poison="/labelled/a/poison-"))
    with stage.retried_after(3):
        for number in range(poisonous):
            books.put(f"labelled/a/poison-{number}.dcm", slices[number])
        books.put_all(slices[poisonous : scaled(60)])
        until("the dead letters", lambda: stage.depth(DEAD).waiting == poisonous, 90)
        books.wait(dead=poisonous)
    assert books.states() == {"accepted": len(books.puts) - poisonous, "received": poisonous}
    assert books.balance(dead=poisonous).is_even, books.balance(dead=poisonous)
    assert faults.injected()["s3 poison"] == MAX_RECEIVE_COUNT * poisonous
    until("the alarm", lambda: state_of_alarm(stage) == "ALARM", 90)
    faults.stop()
    assert stage.redrive() == poisonous
    books.wait()
    assert books.states() == {"accepted": len(books.puts)}
    assert books.balance().is_even, books.balance()


def state_of_alarm(stage: Stage) -> str:
    name = "medloop-laptop-critical-intake-dead-letters"
    (alarm,) = stage.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(alarm["StateValue"])

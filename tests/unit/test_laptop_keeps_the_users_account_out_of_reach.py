"""What the laptop writes down, and what its processes are told."""

import json
from pathlib import Path

from local.state import Laptop, environment, move_addresses, recall


def cloud(home: Path) -> Laptop:
    return Laptop(
        home=home,
        endpoint="http://127.0.0.1:4566",
        webhooks="http://127.0.0.1:4580",
        catalogue="postgresql://",
    )


def test_no_process_inherits_an_aws_setting(tmp_path: Path) -> None:
    variables = environment(tmp_path, "http://127.0.0.1:4566")
    aws = {name: value for name, value in variables.items() if name.startswith("AWS_")}
    assert aws == cloud(tmp_path).aws


def test_the_commands_learn_where_the_cloud_is_while_it_is_up(tmp_path: Path) -> None:
    cloud(tmp_path).announce()
    told = json.loads((tmp_path / "laptop.json").read_text())
    assert told["stage"] == "laptop"
    assert told["environment"]["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    cloud(tmp_path).withdraw()
    assert not (tmp_path / "laptop.json").exists()


def test_the_memory_is_for_its_owner_only(tmp_path: Path) -> None:
    cloud(tmp_path).remember()
    assert (tmp_path / "cloud.json").stat().st_mode & 0o077 == 0
    assert recall(tmp_path) == cloud(tmp_path)


def test_a_damaged_memory_is_no_memory(tmp_path: Path) -> None:
    (tmp_path / "cloud.json").write_text('{"home": ')
    assert recall(tmp_path) is None


def test_queues_move_with_the_port(tmp_path: Path) -> None:
    (tmp_path / "sqs.json").write_text('{"http://127.0.0.1:4566/000000000000/q": 1}')
    move_addresses(tmp_path, "http://127.0.0.1:4566", "http://127.0.0.1:5000")
    assert (tmp_path / "sqs.json").read_text() == '{"http://127.0.0.1:5000/000000000000/q": 1}'

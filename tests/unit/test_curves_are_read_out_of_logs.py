"""A job's curves come out of what it writes to its log, whatever else stands there."""

from medloop.rules.curves import epochs_in


def test_lines_of_epochs_become_numbers() -> None:
    log = [
        "downloading",
        "epoch=1 train_loss=0.9 validation_accuracy=0.5 device=cpu",
        "epoch=2 train_loss=0.7",
    ]
    assert epochs_in(log) == [
        {"epoch": 1, "train_loss": 0.9, "validation_accuracy": 0.5},
        {"epoch": 2, "train_loss": 0.7},
    ]


def test_an_epoch_that_was_trained_again_counts_once() -> None:
    log = ["epoch=1 train_loss=0.9", "epoch=2 train_loss=0.8", "resuming", "epoch=2 train_loss=0.7"]
    assert [row["train_loss"] for row in epochs_in(log)] == [0.9, 0.7]


def test_what_is_no_number_is_left_out() -> None:
    assert epochs_in(["epoch=1 train_loss=nan validation_accuracy=inf note=x"]) == [{"epoch": 1}]


def test_a_history_is_read_the_same_way() -> None:
    assert epochs_in([{"epoch": 1, "train_loss": 0.5, "extra": None}]) == [{"epoch": 1, "train_loss": 0.5}]

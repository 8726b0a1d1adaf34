"""What a person sees of a refused upload: reason, measurements, what to do; and no trick of its name."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import typer
from rich.console import Console

from medloop.catalogue.uploads import Upload
from medloop.cli.quarantine import (
    as_line,
    details_of,
    moment,
    next_step,
    printable,
    selection,
    table_of,
)
from medloop.rules.reasons import Reason
from medloop.rules.review import RELEASABLE, may_release

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
ROW = Upload(
    id="3f9a1c" + "0" * 26,
    bucket="uploads",
    key="chest/images/[bold]Nora.dcm",
    version_id="v1",
    size=123456,
    project="chest",
    purpose="images",
    received_at=AT,
    state="quarantined",
    reason="truncated",
    details='{"actual_bytes": 300, "expected_bytes": 12000}',
    finished_at=AT,
)


def shown(thing: object) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(thing)
    return captured.get()


def test_the_list_names_the_file_the_reason_and_what_to_do() -> None:
    text = shown(table_of([ROW]))
    assert "3f9a1c000000" in text and "[bold]Nora.dcm" in text and "truncated" in text
    assert Reason.TRUNCATED.explanation.hint in text


def test_one_upload_is_told_with_its_measurements() -> None:
    text = shown(details_of(ROW))
    assert "expected_bytes: 12000" in text and "actual_bytes: 300" in text
    assert Reason.TRUNCATED.explanation.sentence in text and "123,456 bytes" in text


def test_a_line_of_json_spells_everything_out() -> None:
    told = json.loads(as_line(ROW))
    assert told["key"] == ROW.key and told["facts"] == {"actual_bytes": 300, "expected_bytes": 12000}
    assert told["sentence"] == Reason.TRUNCATED.explanation.sentence
    assert told["finished_at"] == AT.isoformat()


def test_what_another_version_wrote_is_shown_all_the_same() -> None:
    strange = Upload(**{**vars(ROW), "reason": "cursed", "details": None})
    assert "cursed" in shown(table_of([strange])) and json.loads(as_line(strange))["hint"] is None
    assert next_step(strange) == "medloop quarantine retry 3f9a1c000000"


@pytest.mark.parametrize("reason", Reason)
def test_the_next_step_fits_the_reason(reason: Reason) -> None:
    step = next_step(Upload(**{**vars(ROW), "reason": reason.value}))
    assert step == f"medloop quarantine {'release' if may_release(reason) else 'retry'} 3f9a1c000000"


def test_only_doubts_about_readable_files_can_be_overruled() -> None:
    assert {Reason.BURNED_IN_REVIEW, Reason.UID_COLLISION, Reason.POLYGLOT_PREAMBLE} <= RELEASABLE
    assert not {Reason.TRUNCATED, Reason.MISPLACED, Reason.ZIP_EXPANSION, Reason.EMPTY} & RELEASABLE


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\nb", "a\\nb"),
        ("Ünï 😀.dcm", "Ünï 😀.dcm"),
        ("a\u202eb", "a\\u202eb"),
    ],
)
def test_a_name_cannot_move_the_cursor(key: str, text: str) -> None:
    assert printable(key) == text


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("90min", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_a_time_span_counts_back_from_now(text: str, before: timedelta) -> None:
    assert moment(text, AT) == AT - before


def test_a_date_is_a_date() -> None:
    assert moment("2026-01-31T08:00+00:00", AT) == datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert moment("2026-01-31", AT).utcoffset() is not None


@pytest.mark.parametrize("text", ["", "soon", "7", "-7d", "d7", "99999d"])
def test_what_is_no_time_ends_the_command(text: str) -> None:
    with pytest.raises(typer.Exit):
        moment(text, AT)


def test_a_reason_that_does_not_exist_ends_the_command() -> None:
    with pytest.raises(typer.Exit):
        selection(None, "bad_luck", None)

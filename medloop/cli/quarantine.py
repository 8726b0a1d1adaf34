"""`medloop quarantine`: what was refused and why; released or looked at again by a person's decision."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from events.uploads import ObjectRediscovered
from medloop.aws import queues
from medloop.catalogue.secret import Connection
from medloop.catalogue.uploads import (
    Selection,
    Upload,
    count_quarantined,
    find_uploads,
    list_quarantined,
    release_uploads,
    retry_uploads,
)
from medloop.cli.target import connect, console, done, stop
from medloop.platform import catalogue, now
from medloop.rules.reasons import Explanation, Reason
from medloop.rules.review import RELEASABLE, may_release

SHORT_ID = 12

app = typer.Typer(help="What was refused, why, and a second chance for it.", no_args_is_help=True)

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID…", help="Ids, or how they begin.")]
ProjectOption = Annotated[str | None, typer.Option("--project", "-p", help="Only of this project.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", "-r", help="Only for this reason.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="Only refused since: 90min, 12h, 7d or a date.", metavar="WHEN")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON line per upload.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before touching many.")]


@dataclass(frozen=True)
class Review:
    """One of the two decisions that a person may take."""

    participle: str
    change: Callable[[Connection, Selection, datetime], list[Upload]]
    reasons: frozenset[Reason]


RELEASE = Review("released", release_uploads, RELEASABLE)
RETRY = Review("to be looked at again", retry_uploads, frozenset(Reason))


@app.command("list")
def list_all(
    project: ProjectOption = None,
    reason: ReasonOption = None,
    since: SinceOption = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 50,
    as_json: JsonOption = False,
) -> None:
    """Refused uploads, the latest first, with what can be done.

    Shows files as you named them, to you alone: their names leave the catalogue on no other way.

    [dim]medloop quarantine list --project chest --since 7d
    medloop quarantine list --reason truncated --json | jq -r .key[/]
    """
    connect()
    of = selection(project, reason, since)
    rows, counts = catalogue().read(
        lambda conn: (list_quarantined(conn, of, limit), count_quarantined(conn, of))
    )
    if as_json:
        for row in rows:
            print(as_line(row))
        return
    if rows:
        console.print(table_of(rows))
    total = sum(counts.values())
    words = ", ".join(f"{number} {name}" for name, number in sorted(counts.items(), key=lambda c: -c[1]))
    done(f"{len(rows)} of {total} shown: {words}" if total else "nothing is held")


@app.command()
def show(
    upload: Annotated[str, typer.Argument(help="Its id, or how it begins.")], as_json: JsonOption = False
) -> None:
    """One upload: what it is, what was found, what was measured, and what to do."""
    connect()
    row = identified(upload)
    if as_json:
        print(as_line(row))
        return
    console.print(details_of(row))


@app.command()
def release(
    ids: Ids = None,
    project: ProjectOption = None,
    reason: ReasonOption = None,
    since: SinceOption = None,
    yes: YesOption = False,
) -> None:
    """Take in what you have looked at: its reason is overruled for good, and it is looked at once more.

    Only doubts can be overruled: burned-in text, equal UIDs, deviations. A damaged file stays damaged.

    Should another reason be found then, it is held for that one.

    [dim]medloop quarantine release 3f9a1c
    medloop quarantine release --project chest --reason burned_in_review[/]
    """
    if reason is not None and not may_release(known_reason(reason)):
        words = ", ".join(sorted(RELEASABLE))
        stop(f"{reason} cannot be overruled", f"mend the file and upload it again; these can: {words}")
    review(RELEASE, ids or [], selection(project, reason, since), yes)


@app.command()
def retry(
    ids: Ids = None,
    project: ProjectOption = None,
    reason: ReasonOption = None,
    since: SinceOption = None,
    yes: YesOption = False,
) -> None:
    """Have the same files looked at again: after project.yaml changed, or after an update of medloop.

    [dim]medloop quarantine retry 3f9a1c
    medloop quarantine retry --reason undecodable --since 30d[/]
    """
    review(RETRY, ids or [], selection(project, reason, since), yes)


def review(kind: Review, ids: list[str], of: Selection, yes: bool) -> None:
    if bool(ids) == (of != Selection()):
        stop(
            "give either ids, or --project, --reason or --since",
            "`medloop quarantine list` shows what is held",
        )
    connect()
    if ids:
        for row in [identified(one) for one in ids]:
            review_one(kind, row)
        return
    of = replace(of, before=now())
    counts = catalogue().read(lambda conn: count_quarantined(conn, of))
    number = sum(count for reason, count in counts.items() if reason in kind.reasons)
    if number > 1 and not yes:
        typer.confirm(f"{number} uploads are held so. Go on?", abort=True)
    done(f"{review_all(kind, of)} uploads {kind.participle}")
    if stay := sum(counts.values()) - number:
        console.print(f"{stay} are held for reasons that cannot be overruled", highlight=False)


def review_one(kind: Review, row: Upload) -> None:
    """Repeating it sends the message again, should that have been lost."""
    short = row.id[:SHORT_ID]
    changed = catalogue().run(lambda conn: kind.change(conn, Selection(id=row.id), now()))
    if changed or row.state == "received":
        look_at(changed or [row])
        done(f"{short} {kind.participle}")
    elif row.state != "quarantined":
        done(f"{short} is {row.state} already")
    else:
        stop(f"{short} is held for {row.reason}, which cannot be overruled", hint_of(row.reason))


def review_all(kind: Review, of: Selection) -> int:
    reviewed = 0
    while rows := catalogue().run(lambda conn: kind.change(conn, of, now())):
        look_at(rows)
        reviewed += len(rows)
    return reviewed


def look_at(rows: list[Upload]) -> None:
    """What is not sent now, because this is interrupted, the reconciler sends within half an hour."""
    messages = [
        ObjectRediscovered(bucket=row.bucket, key=row.key, version_id=row.version_id, size=row.size)
        for row in rows
    ]
    queues.send_all(connect().intake_queue_url, messages)


def identified(prefix: str) -> Upload:
    if not re.fullmatch(r"[0-9a-f]{4,32}", prefix.lower()):
        stop(f"{prefix} is no id", "an id has 32 hexadecimal digits; the first four or more will do")
    rows = catalogue().read(lambda conn: find_uploads(conn, prefix.lower()))
    if len(rows) != 1:
        problem = "several uploads' ids begin" if rows else "no upload's id begins"
        stop(f"{problem} with {prefix}", "`medloop quarantine list` shows them; type more of it")
    return rows[0]


def selection(project: str | None, reason: str | None, since: str | None) -> Selection:
    return Selection(
        project=project,
        reason=None if reason is None else known_reason(reason).value,
        since=None if since is None else moment(since, datetime.now(UTC)),
    )


def known_reason(word: str) -> Reason:
    try:
        return Reason(word)
    except ValueError:
        stop(f"no reason {word}", "docs/reasons.md lists them all")


_UNITS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def moment(text: str, today: datetime) -> datetime:
    """`90min`, `12h`, `7d` or `2w` before `today`, or an ISO 8601 date, local unless it says otherwise."""
    if found := re.fullmatch(r"(\d{1,4}) ?(min|h|d|w)", text):
        return today - int(found[1]) * _UNITS[found[2]]
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        stop(f"--since {text} is no time", "write 90min, 12h, 7d, 2w, 2026-01-31 or 2026-01-31T08:00")


def table_of(rows: list[Upload]) -> Table:
    table = Table("upload", "when", "reason", "what to do", "file", box=None, header_style="bold")
    for row in rows:
        file = escape(printable(row.key))
        table.add_row(row.id[:SHORT_ID], time_of(row.finished_at), row.reason, hint_of(row.reason), file)
    return table


def details_of(row: Upload) -> Table:
    explanation = explained(row.reason)
    lines = {
        "upload": row.id,
        "file": printable(row.key),
        "version": row.version_id,
        "size": f"{row.size:,} bytes",
        "project": row.project,
        "state": row.state,
        "received": time_of(row.received_at),
        "decided": time_of(row.finished_at),
        "unpacked from": row.archive,
        "reason": row.reason,
        "found": explanation and explanation.sentence,
        "measured": "\n".join(f"{name}: {fact}" for name, fact in facts_of(row).items()),
        "what to do": explanation and explanation.hint,
        "overruled": row.released,
        "last reviewed": time_of(row.reviewed_at),
        "then": next_step(row),
    }
    table = Table(show_header=False, box=None)
    for name, text in lines.items():
        if text:
            table.add_row(f"[bold]{name}[/]", escape(str(text)))
    return table


def next_step(row: Upload) -> str | None:
    if row.state != "quarantined" or row.reason is None:
        return None
    known = explained(row.reason) is not None
    verb = "release" if known and may_release(Reason(row.reason)) else "retry"
    return f"medloop quarantine {verb} {row.id[:SHORT_ID]}"


def as_line(row: Upload) -> str:
    """JSON with what the reason means spelt out."""
    explanation = explained(row.reason)
    told: dict[str, Any] = {
        **{name: value for name, value in vars(row).items() if name != "details"},
        "sentence": explanation and explanation.sentence,
        "hint": explanation and explanation.hint,
        "facts": facts_of(row),
    }
    return json.dumps(told, default=lambda moment: moment.isoformat())


def facts_of(row: Upload) -> dict[str, Any]:
    return dict(json.loads(row.details)) if row.details else {}


def explained(reason: str | None) -> Explanation | None:
    """None for what another version of medloop wrote, and for what was set aside without a reason of ours."""
    return Reason(reason).explanation if reason in set(Reason) else None


def printable(text: str) -> str:
    """Keys are the uploader's: what would move the cursor or colour the screen is spelt out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def hint_of(reason: str | None) -> str:
    explanation = explained(reason)
    return explanation.hint if explanation else ""


def time_of(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M")

"""`make soak`: many objects through the laptop cloud while everything goes wrong at once, and the accounts.

Duplicates and shuffled events, kills, time-outs, poison, failing and slow services, outages, lost events; at
least ten injected faults per object. What may be late is reported as late; nothing may be lost or done twice.
"""

import itertools
import json
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import images, machine
from benchmarks.books import DEAD, Balance, Books
from benchmarks.pipeline import table
from benchmarks.stage import Put, Stage, percentiles, staged
from local.faults import Faults, Kind, Plan

EVIDENCE = Path(__file__).resolve().parents[1] / "docs" / "evidence" / "events-and-faults.md"

WORKERS = 8
BAD = (b"", b"Dear colleague, the patient ...")
BAD_REASONS = ("empty", "not_an_image")

console = Console()


@dataclass(frozen=True)
class Weather:
    """How bad it gets."""

    objects: int = 10_000
    seed: int = 1
    errors: float = 0.2
    """Of AWS calls and of catalogue transactions that meet an error; as many more are slow."""
    crash_rate: float = 0.01
    """Of invocations that are killed with SIGKILL."""
    hang_rate: float = 0.0002
    """Of calls that never return, so that the function times out."""
    poison: float = 0.02
    """Of objects that cannot be read until the cause is mended."""
    bad: float = 0.03
    """Of objects that are no images: refused for good."""
    unannounced: float = 0.01
    """Of objects whose event is dropped."""
    copies: int = 4
    """At most so many further deliveries of each event."""
    outages: tuple[tuple[str, float], ...] = (("s3", 30.0), ("postgresql", 30.0), ("s3", 60.0))
    """Service and seconds; spread over the uploads."""
    timeout: int = 20
    """Seconds that the function has; 60 in the template."""
    retried_after: int = 40
    """Seconds between two attempts; 360 in the template."""
    patience: float = 3600.0
    """Seconds for all of it to settle."""


@dataclass
class Outcome:
    """What the soak left behind."""

    weather: Weather
    balance: Balance
    injected: dict[str, int]
    """Faults by `service kind`, with the duplicates, drops and outages that the test itself caused."""
    in_system: Mapping[str, float]
    """Seconds from upload to verdict, of those that were neither poisoned nor unannounced."""
    dead_letters: int
    oldest_dead: float
    """Seconds from the first dead letter to the redrive."""
    recoveries: list[dict[str, Any]] = field(default_factory=list)
    wrong_verdicts: int = 0
    seconds: float = 0.0

    @property
    def faults(self) -> int:
        return sum(self.injected.values())

    @property
    def is_clean(self) -> bool:
        return self.balance.is_even and not self.wrong_verdicts


def rates(errors: float, slow: float = 0.0, hang: float = 0.0) -> dict[str, dict[Kind, float]]:
    """Of each service's calls; a catalogue transaction is about four calls to PostgreSQL."""
    aws: dict[Kind, float] = {
        "throttle": 0.4 * errors,
        "refused": 0.3 * errors,
        "lost": 0.3 * errors,
        "slow": slow,
        "hang": hang,
    }
    sql: dict[Kind, float] = {
        "conflict": 0.15 * errors,
        "refused": 0.05 * errors,
        "lost": 0.05 * errors,
        "slow": slow,
        "hang": hang,
    }
    services = dict.fromkeys(("s3", "sqs", "events", "scheduler", "secretsmanager"), aws)
    return {**services, "kms": {"throttle": 0.1 * errors}, "postgresql": sql}


def main(
    objects: Annotated[int, typer.Option(min=20, help="Object versions to upload.")] = Weather.objects,
    seed: Annotated[int, typer.Option(help="Decides which calls fail.")] = Weather.seed,
    out: Annotated[Path, typer.Option(help="Where the page goes; a .json lies beside it.")] = EVIDENCE,
) -> None:
    """Start a fresh laptop cloud, let it suffer, and report; exit status 1 if anything is lost or doubled."""
    with tempfile.TemporaryDirectory(prefix="medloop-", ignore_cleanup_errors=True) as folder:
        home = Path(folder).resolve()
        faults = Faults(home / "faults")
        with staged(home / "cloud", faults.folder, WORKERS) as stage:
            outcome = soak(stage, faults, Weather(objects=objects, seed=seed), console.print)
    write(out, outcome)
    raise typer.Exit(0 if outcome.is_clean else 1)


def soak(stage: Stage, faults: Faults, weather: Weather, say: Any = lambda *_: None) -> Outcome:
    """Upload, suffer, mend, settle, count."""
    began = time.monotonic()
    books = Books(stage, f"soak-{weather.seed}-{weather.objects}")
    stage.create_project(books.project)
    faults.forget()
    caused: Counter[str] = Counter()
    with turned(stage, weather):
        with watched(stage) as dead:
            outages = uploaded(stage, books, faults, weather, caused, say)
            suffer_until_only_poison_is_left(stage, books, weather, say)
        faults.stop()
        letters = stage.redrive()
        aged = time.monotonic() - dead[0] if dead else 0.0
        stage.reconcile()
        books.wait(weather.patience)
    say(f"  {letters} dead letters redriven")
    caused.update(faults.injected())
    return Outcome(
        weather=weather,
        balance=books.balance(),
        injected=dict(sorted(caused.items())),
        in_system=percentiles(times_in_system(books)),
        dead_letters=letters,
        oldest_dead=aged,
        recoveries=[recovery(books, *outage) for outage in outages],
        wrong_verdicts=wrong_verdicts(books),
        seconds=time.monotonic() - began,
    )


@contextmanager
def turned(stage: Stage, weather: Weather) -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(stage.woken_with(ScalingConfig={"MaximumConcurrency": WORKERS}))
        stack.enter_context(stage.retried_after(weather.retried_after))
        stack.enter_context(stage.configured(Timeout=weather.timeout))
        yield


@contextmanager
def watched(stage: Stage) -> Iterator[list[float]]:
    """Holds, after the block, the moment at which the first dead letter was seen."""
    seen: list[float] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(1.0):
            if not seen and stage.depth(DEAD).messages:
                seen.append(time.monotonic())

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def plan_of(weather: Weather) -> Plan:
    return Plan(
        seed=weather.seed,
        rates=rates(weather.errors, weather.errors, weather.hang_rate),
        slowness=(0.001, 0.008),
        crash_rate=weather.crash_rate,
        poison="/poison-",
    )


def uploaded(
    stage: Stage, books: Books, faults: Faults, weather: Weather, caused: Counter[str], say: Any
) -> list[tuple[str, float, float]]:
    """All objects, with duplicates of their events among them; the outages meanwhile."""
    chance = random.Random(weather.seed)
    plan = plan_of(weather)
    faults.follow(plan)
    outages: list[tuple[str, float, float]] = []
    contents = itertools.cycle(images.small_mr(min(weather.objects, 240), weather.seed))
    names = list(named(weather, chance))
    silent = names[: round(weather.unannounced * len(names))]
    chunks = 4 * (len(weather.outages) + 1)
    for number, chunk in enumerate(_chunks(names[len(silent) :], chunks)):
        if number % 4 == 2 and len(outages) < len(weather.outages):
            outages.append(begin_outage(faults, plan, weather.outages[len(outages)]))
            caused["outages"] += 1
        puts = put_all(books, chunk, contents)
        again = [put for put in puts for _ in range(chance.randint(0, weather.copies))]
        chance.shuffle(again)
        stage.announce(again)
        caused["deliveries doubled"] += len(again)
        say(f"  {len(books.puts)} uploaded, {stage.decided(books.project)} decided")
    with stage.unannounced():
        put_all(books, silent, contents)
        caused["events dropped"] += len(silent)
    return outages


def named(weather: Weather, chance: random.Random) -> Iterator[str]:
    """The names say what is wrong with an object."""
    for number in range(weather.objects):
        drawn = chance.random()
        if drawn < weather.poison:
            yield f"labelled/a/poison-{number}.dcm"
        elif drawn < weather.poison + weather.bad:
            yield f"labelled/a/bad-{number}.dcm"
        else:
            yield f"labelled/b/{number}.dcm"


def put_all(books: Books, names: list[str], contents: Iterator[bytes]) -> list[Put]:
    wanted = [(name, content_of(name, contents)) for name in names]
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda one: books.put(*one), wanted))


def content_of(name: str, contents: Iterator[bytes]) -> bytes:
    if "/bad-" in name:
        return BAD[len(name) % 2]
    # The same pixels again are a duplicate image; other bytes behind them make each file its own.
    return next(contents)


def begin_outage(faults: Faults, plan: Plan, outage: tuple[str, float]) -> tuple[str, float, float]:
    service, seconds = outage
    now = time.time()
    faults.follow(replace(plan, outages=((service, now, now + seconds),)))
    return service, now, now + seconds


def suffer_until_only_poison_is_left(stage: Stage, books: Books, weather: Weather, say: Any) -> None:
    """The faults go on until everything that can be decided is, and the rest is dead."""
    deadline = time.monotonic() + weather.patience
    announced = len(books.puts) - round(weather.unannounced * weather.objects)
    while time.monotonic() < deadline:
        decided, waiting, dead = (
            stage.decided(books.project),
            stage.depth("medloop-laptop-intake"),
            stage.depth(DEAD),
        )
        say(f"  {decided} decided, {waiting.messages} under way, {dead.messages} dead")
        if decided + dead.messages >= announced and waiting.messages == 0:
            return
        time.sleep(2.0)


def times_in_system(books: Books) -> list[float]:
    rows = books.verdicts()
    return [
        finished.timestamp() - put.began
        for put in books.puts
        if "/poison-" not in put.key and put.id in rows and (finished := rows[put.id].finished_at)
    ]


def recovery(books: Books, service: str, began: float, ended: float) -> dict[str, Any]:
    """Seconds from the outage's end to the first verdict, and until 99 % of the backlog was decided."""
    rows = books.verdicts()
    finished = sorted(row.finished_at.timestamp() for row in rows.values() if row.finished_at)
    waiting = sorted(
        end.timestamp()
        for put in books.puts
        if put.began < ended
        and "/poison-" not in put.key
        and put.id in rows
        and (end := rows[put.id].finished_at)
        and end.timestamp() >= ended
    )
    first = next((moment - ended for moment in finished if moment >= ended), 0.0)
    caught_up = waiting[min(len(waiting) - 1, len(waiting) * 99 // 100)] - ended if waiting else 0.0
    return {
        "service": service,
        "seconds": ended - began,
        "first_verdict_after": first,
        "backlog": len(waiting),
        "caught_up_after": caught_up,
    }


def wrong_verdicts(books: Books) -> int:
    """Good files that were refused, bad ones that were not, and bad ones with another reason."""
    rows = books.verdicts()
    wrong = 0
    for put in books.puts:
        row = rows.get(put.id)
        if row is None:
            continue
        if "/bad-" in put.key:
            wrong += (row.state, row.reason) not in {("quarantined", reason) for reason in BAD_REASONS}
        else:
            wrong += row.state != "accepted"
    return wrong


def _chunks(names: list[str], count: int) -> Iterator[list[str]]:
    size = -(-len(names) // count)
    yield from (names[start : start + size] for start in range(0, len(names), size))


# ── what is written ──────────────────────────────────────────────────────────────────────────────────


def write(out: Path, outcome: Outcome) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    facts = {"machine": machine.described(), **asdict(outcome)}
    out.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n")
    out.write_text(page(outcome))
    console.print(out, highlight=False, soft_wrap=True)


def page(outcome: Outcome) -> str:
    weather, balance, where = outcome.weather, outcome.balance, machine.described()
    states = ", ".join(f"{number} {state}" for state, number in sorted(balance.states.items()))
    recoveries = [
        [
            f"{one['service']}, {one['seconds']:.0f} s",
            f"{one['first_verdict_after']:.1f} s",
            f"{one['backlog']}",
            f"{one['caught_up_after']:.1f} s",
        ]
        for one in outcome.recoveries
    ]
    lines = [
        "# What faults cost",
        "",
        "Objects uploaded to the laptop cloud (the deployed template, its IAM policies enforced) while calls",
        "fail, hang or answer late, functions are killed, events come often, in disorder or never, and",
        "services are away. Faults are injected into the functions' own botocore and psycopg by",
        "`local/faulty.py`, from a seed; the functions know nothing of it. Written by `make soak`.",
        "",
        *table(
            ["", ""],
            [
                ["object versions uploaded", f"**{balance.uploaded}**"],
                [
                    "faults injected",
                    f"**{outcome.faults}** ({outcome.faults / balance.uploaded:.1f} per object)",
                ],
                ["lost", f"**{balance.lost}**"],
                ["effects doubled", f"**{balance.doubled}**"],
                ["outputs without a row", f"{balance.orphaned}"],
                ["wrong verdicts", f"{outcome.wrong_verdicts}"],
                ["became", states],
                ["dead letters, redriven after the cause was mended", f"{outcome.dead_letters}"],
                ["oldest dead letter at the redrive", f"{outcome.oldest_dead:.0f} s"],
                ["time in system, p50", f"{outcome.in_system['p50']:.1f} s"],
                ["p95", f"{outcome.in_system['p95']:.1f} s"],
                ["p99", f"{outcome.in_system['p99']:.1f} s"],
                ["the whole run", f"{outcome.seconds:.0f} s"],
            ],
        ),
        "",
        f"The weather: {100 * weather.errors:.0f} % of AWS calls and of catalogue transactions meet an",
        f"error, as many more are slow, {100 * weather.crash_rate:.1f} % of invocations are killed by",
        "SIGKILL,",
        f"{100 * weather.poison:.0f} % of the objects are poison, {100 * weather.bad:.0f} % no images,",
        f"the events of {100 * weather.unannounced:.0f} % are dropped, the others come up to",
        f"{weather.copies + 1} times. The function has {weather.timeout} s and a message comes again after",
        f"{weather.retried_after} s, so that a run ends in time; the template says 60 and 360.",
        "",
        "## Outages",
        "",
        *table(["away", "first verdict after its end", "backlog", "99 % of it decided after"], recoveries),
        "",
        "## Faults by kind",
        "",
        *table(["fault", "injected"], [[name, f"{number}"] for name, number in outcome.injected.items()]),
        "",
        f"{where['processor']}, {where['cores']} cores, {where['memory']}, Python {where['python']}.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)

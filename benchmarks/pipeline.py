"""`make bench-pipeline`: from the drop into S3 to the accepted row, through the whole laptop cloud.

Two arms in one run on one cloud: a function that only copies (benchmarks/copying.py), and medloop. The
uploader runs on the same cores as everything else, and its time counts.
"""

import itertools
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import copying, images, machine
from benchmarks.stage import Put, Stage, percentiles, staged

EVIDENCE = Path(__file__).resolve().parents[1] / "docs" / "evidence" / "pipeline-speed.md"
WARM_UP = 60
CONCURRENCY = 3
"""Batches at once for each function, in both arms: the laptop's MaxConcurrency."""

TARGET = 3000
"""Images per minute."""

console = Console()


@dataclass(frozen=True)
class Arm:
    """One arm's run."""

    name: str
    images: int
    megabytes: float
    seconds: float
    """From the first byte sent to the last result."""
    uploaded_after: float
    """Seconds until the last upload was answered."""
    per_minute: float
    in_system: Mapping[str, float]
    """Seconds from an image's upload to its result: p50, p95, p99."""
    cpu: Mapping[str, float]
    """Milliseconds of CPU per image, by who spent them."""
    others: float
    """Share of the machine that unrelated processes used meanwhile, 0 to 1."""
    outcomes: Mapping[str, int]


def main(
    count: Annotated[int, typer.Option("--images", min=20, help="Images in each arm.")] = 3000,
    data: Annotated[Path | None, typer.Option(help="A folder of files instead of generated MR.")] = None,
    connections: Annotated[int, typer.Option(min=1, help="Uploads at a time.")] = 4,
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each arm; the median is reported.")] = 1,
    out: Annotated[Path, typer.Option(help="Where the page goes; a .json lies beside it.")] = EVIDENCE,
) -> None:
    """Start a fresh laptop cloud, drop images, and measure both arms."""
    contents = images.files_of(data, count) if data else list(images.small_mr(count))
    contents = list(itertools.islice(itertools.cycle(contents), count))
    source = str(data) if data else "generated MR slices (benchmarks/images.py)"
    with (
        tempfile.TemporaryDirectory(prefix="medloop-", ignore_cleanup_errors=True) as folder,
        staged(Path(folder).resolve() / "cloud") as stage,
        copying.copying(stage, CONCURRENCY),
    ):
        stage.create_project("bench")
        runs = measured(stage, contents, connections, repeats)
    write(out, runs, source, len({len(content) for content in contents}), connections)


def measured(stage: Stage, contents: list[bytes], connections: int, repeats: int) -> list[list[Arm]]:
    """[copying, medloop] of each repeat; both functions are warm before the first."""
    for arm in (copy_arm, medloop_arm):
        arm(stage, contents[:WARM_UP], connections, "warm-up")
    runs = []
    for number in range(repeats):
        arms = [arm(stage, contents, connections, f"run-{number}") for arm in (copy_arm, medloop_arm)]
        for one in arms:
            console.print(f"  {one.name:8} {one.per_minute:7.0f} images/min", highlight=False)
        runs.append(arms)
    return runs


def copy_arm(stage: Stage, contents: list[bytes], connections: int, run: str) -> Arm:
    before = machine.read()
    puts = drop(
        stage, copying.SOURCE, [f"{run}/{n}.dcm" for n in range(len(contents))], contents, connections
    )
    uploaded = time.time()
    finished = copying.wait_until_copied(stage, len(contents), 60 + len(contents) * 0.2)
    ends = {put.key: finished[put.key] for put in puts}
    return arm("copying", puts, ends, uploaded, before, Counter(copied=len(ends)))


def medloop_arm(stage: Stage, contents: list[bytes], connections: int, run: str) -> Arm:
    decided = stage.decided("bench")
    before = machine.read()
    keys = [f"bench/labelled/a/{run}/{n}.dcm" for n in range(len(contents))]
    puts = drop(stage, stage.settings.uploads_bucket, keys, contents, connections)
    uploaded = time.time()
    stage.wait_until_decided("bench", decided + len(contents), 60 + len(contents) * 0.5)
    rows = {row.id: row for row in stage.verdicts("bench")}
    ends = {put.key: end.timestamp() for put in puts if (end := rows[put.id].finished_at)}
    outcomes = Counter(rows[put.id].reason or rows[put.id].state for put in puts)
    return arm("medloop", puts, ends, uploaded, before, outcomes)


def drop(stage: Stage, bucket: str, keys: list[str], contents: list[bytes], connections: int) -> list[Put]:
    from medloop.rules.intake import image_id

    def put(number: int) -> Put:
        began = time.time()
        key, content = keys[number], contents[number]
        version = stage.s3.put_object(Bucket=bucket, Key=key, Body=content)["VersionId"]
        return Put(image_id(bucket, key, version), key, version, len(content), began)

    with ThreadPoolExecutor(connections) as pool:
        return list(pool.map(put, range(len(keys))))


def arm(
    name: str,
    puts: list[Put],
    ends: Mapping[str, float],
    uploaded: float,
    before: machine.Reading,
    outcomes: Mapping[str, int],
) -> Arm:
    own, others = machine.spent(before, machine.read())
    began = min(put.began for put in puts)
    seconds = max(ends.values()) - began
    return Arm(
        name=name,
        images=len(puts),
        megabytes=sum(put.size for put in puts) / 1e6,
        seconds=seconds,
        uploaded_after=uploaded - began,
        per_minute=60 * len(puts) / seconds,
        in_system=percentiles([ends[put.key] - put.began for put in puts]),
        cpu={group: 1000 * spent / len(puts) for group, spent in sorted(own.items())},
        others=others,
        outcomes=dict(outcomes),
    )


# ── what is written ──────────────────────────────────────────────────────────────────────────────────


def write(out: Path, runs: list[list[Arm]], source: str, sizes: int, connections: int) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    middle = sorted(runs, key=lambda arms: arms[1].per_minute)[len(runs) // 2]
    facts: dict[str, Any] = {
        "source": source,
        "connections": connections,
        "machine": machine.described(),
        "runs": [[asdict(one) for one in arms] for arms in runs],
    }
    out.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n")
    out.write_text(page(middle, runs, source, connections))
    console.print(out, highlight=False, soft_wrap=True)


def page(arms: list[Arm], runs: list[list[Arm]], source: str, connections: int) -> str:
    copy, ours = arms
    where = machine.described()
    share = 1 - copy.seconds / ours.seconds
    spread = ", ".join(f"{one.per_minute:.0f}" for _, one in runs)
    lines = [
        "# Speed of the whole pipeline",
        "",
        "From the drop into S3 to the row in the catalogue, through the laptop cloud: S3, EventBridge, SQS",
        "and Lambda of the deployed template with its IAM policies enforced, and the embedded PostgreSQL.",
        "Written by `make bench-pipeline`.",
        "",
        f"- data: {ours.images} files, {ours.megabytes / ours.images * 1000:.0f} kB on average, {source}",
        f"- {where['processor']}, {where['cores']} cores, {where['memory']}, Python {where['python']};",
        f"  {connections} connections of the uploader run on the same cores and count",
        f"- others used {100 * ours.others:.0f} % of the machine during medloop's run,",
        f"  {100 * copy.others:.0f} % during the copying run",
        f"- runs of medloop, images/min: {spread}; the middle one is shown. Target: {TARGET}",
        "",
        *table(["", "a function that only copies", "medloop"], rows(copy, ours)),
        "",
        f"**Share of the time that is medloop's own: {100 * share:.0f} %**; the rest is what the platform",
        "takes for a function that reads and writes each object once.",
        "",
        "Milliseconds of CPU per image, by who spent them:",
        "",
        *table(["", "copying", "medloop"], cpu_rows(copy, ours)),
        "",
        f"Both arms run in this order on one cloud, after a warm-up of {WARM_UP} images each, with batches",
        f"of 10 and {CONCURRENCY} batches at a time. Time in system runs from the first byte of an image's",
        "upload to the moment its verdict is written (or its copy stored); it includes waiting in the queue,",
        "because the uploader is faster than any arm.",
        "",
        f"Outcomes: {', '.join(f'{number} {name}' for name, number in sorted(ours.outcomes.items()))}.",
        "",
    ]
    return "\n".join(lines)


def rows(copy: Arm, ours: Arm) -> list[list[str]]:
    def row(name: str, shown: Callable[[Arm], str]) -> list[str]:
        return [name, shown(copy), shown(ours)]

    return [
        row("images per minute, first byte to last result", lambda one: f"**{one.per_minute:.0f}**"),
        row("seconds", lambda one: f"{one.seconds:.1f}"),
        row("of these, uploading", lambda one: f"{one.uploaded_after:.1f}"),
        row("time in system, p50", lambda one: f"{one.in_system['p50']:.1f} s"),
        row("p95", lambda one: f"{one.in_system['p95']:.1f} s"),
        row("p99", lambda one: f"{one.in_system['p99']:.1f} s"),
    ]


def cpu_rows(copy: Arm, ours: Arm) -> list[list[str]]:
    names = sorted({*copy.cpu, *ours.cpu})
    shown = [[name, f"{copy.cpu.get(name, 0):.1f}", f"{ours.cpu.get(name, 0):.1f}"] for name in names]
    return [*shown, ["all", f"{sum(copy.cpu.values()):.1f}", f"{sum(ours.cpu.values()):.1f}"]]


def table(header: list[str], body: list[list[str]]) -> list[str]:
    ruler = ["---", *("---:" for _ in header[1:])]
    return [f"| {' | '.join(row)} |" for row in (header, ruler, *body)]


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    typer.run(main)

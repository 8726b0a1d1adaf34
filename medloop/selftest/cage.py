"""Runs cases, each in a child process that can do no harm: `python -m medloop.selftest.cage`.

Standard input: one case id per line. Standard output: one outcome per line, as JSON. A child is held to a
time and to a memory, works in an empty folder that must be empty afterwards, and may die: all of that is
told in its outcome. Forked from a warm process, so that importing NumPy is not measured a hundred times.
"""

import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, TextIO

from medloop.imaging.decoders.process import DECODER
from medloop.selftest.case import Case, Judgement, Sample
from medloop.selftest.corpus import corpus
from medloop.selftest.file import accepted
from medloop.selftest.forge.dicom import dicom, ramp
from medloop.selftest.outcome import Outcome

WALL_SECONDS: Final = 60.0
"""After this long a child is killed."""

ADDRESS_SPACE: Final = 8 * 2**30
"""Bytes; what a child may reserve at most, so that a bomb that slips through harms nobody."""

_UNIT: Final = 1024 if sys.platform == "darwin" else 1
"""ru_maxrss counts kilobytes, and bytes on macOS."""


@dataclass(frozen=True)
class _Ended:
    """A child, after its end."""

    reply: bytes
    status: int
    seconds: float
    cpu_seconds: float
    peak: int
    """Resident at most, in the units of ru_maxrss."""


def run_case(case: Case, wall_seconds: float = WALL_SECONDS) -> Outcome:
    """Make the case's files here, judge them in a child that is killed after so long."""
    samples = list(case.make())
    with tempfile.TemporaryDirectory(prefix="medloop-selftest-") as folder:
        ended = _in_child(samples, Path(folder, "work"), wall_seconds)
        written = [path for path in Path(folder).rglob("*") if path != Path(folder, "work")]
    base, judgements = _judgements(ended)
    megabytes = max(0, ended.peak - base) // (1024 * _UNIT)
    surprises = [surprise for judgement in judgements for surprise in judgement.surprises]
    surprises += [f"{len(written)} files were written"] if written else []
    surprises += _excesses(case, megabytes, ended.cpu_seconds)
    expected = ", ".join(dict.fromkeys(sample.expected for sample in samples))
    got = ", ".join(dict.fromkeys(judgement.got for judgement in judgements))
    times = (round(ended.seconds, 4), round(ended.cpu_seconds, 4))
    files = sum(len(sample.uploads) for sample in samples)
    return Outcome(case.id, expected, got, tuple(surprises), *times, megabytes, files)


def _in_child(samples: Sequence[Sample], folder: Path, wall_seconds: float) -> _Ended:
    folder.mkdir()
    reader, writer = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _judge_and_exit(samples, folder, writer)
    os.close(writer)
    reply = _read(reader, child, started + wall_seconds)
    _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - started
    return _Ended(reply, status, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def _judge_and_exit(samples: Sequence[Sample], folder: Path, writer: int) -> None:
    """Never returns: what runs after the case in the parent must not run twice."""
    try:
        os.setsid()
        os.chdir(folder)
        _say_nothing()
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        judgements = [asdict(_judged(sample)) for sample in samples]
        DECODER.close()  # its time and its memory count with this process's own
        with os.fdopen(writer, "w") as pipe:
            json.dump({"base": base, "judgements": judgements}, pipe)
    finally:
        os._exit(0)


def _say_nothing() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _judged(sample: Sample) -> Judgement:
    try:
        return sample.judge()
    except Exception as error:  # A bug of ours is a surprise like others, and the next sample goes on.
        kind = type(error).__name__
        return Judgement(kind, (f"{kind} was raised",))


def _read(reader: int, child: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            part = pipe.read(65536)
            if not part:
                return b"".join(parts)
            parts.append(part)
    os.killpg(child, signal.SIGKILL)
    return b""


def _judgements(ended: _Ended) -> tuple[int, list[Judgement]]:
    """Resident before the first sample, and what became of each; what killed the child where it died."""
    if not ended.reply:
        code = os.waitstatus_to_exitcode(ended.status)
        how = signal.Signals(-code).name if code < 0 else "no answer"
        return ended.peak, [Judgement(how, (f"the process ended with {how}",))]
    reply = json.loads(ended.reply)
    return reply["base"], [Judgement(**fields) for fields in reply["judgements"]]


def _excesses(case: Case, megabytes: int, cpu_seconds: float) -> list[str]:
    found = []
    if megabytes > case.megabytes:
        found.append(f"memory grew by {megabytes} MB, more than {case.megabytes}")
    if cpu_seconds > case.cpu_seconds:
        found.append(f"took {cpu_seconds:.1f} s of CPU time, more than {case.cpu_seconds:g}")
    return found


def warm_up() -> None:
    """Load what the cases need, so that their children share it."""
    accepted("warm.dcm", dicom(ramp())).judge()


def serve(requests: TextIO, replies: TextIO) -> None:
    cases = corpus()
    warm_up()
    for line in requests:
        print(json.dumps(asdict(run_case(cases[line.strip()]))), file=replies, flush=True)


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)

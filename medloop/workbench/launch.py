"""The training container's own command, run on this machine: its lines, its end, its being stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import medloop
from medloop.workbench.tree import Tree

Show = Callable[[str], None]

_CODE: Final = Path(medloop.__file__).resolve().parents[1]
"""Started there, so that no folder called `training` of whoever calls is mistaken for ours."""


class Interrupted(Exception):
    """The job was asked to stop, and has."""


def command(processes: int) -> list[str]:
    """Of one process, or of several that torchrun starts."""
    several = ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"]
    return [sys.executable, "-m", *(several if processes > 1 else []), "training", "train"]


def environment(tree: Tree, processes: int) -> dict[str, str]:
    told = {"SAGEMAKER_BASE_DIR": str(tree.job), "PYTHONUNBUFFERED": "1"}
    if processes == 1:
        # As torchrun says it: the container would else take every GPU there is.
        told |= {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "1"}
    else:
        told["OMP_NUM_THREADS"] = str(max(1, len(os.sched_getaffinity(0)) // processes))
    return {**os.environ, **told}


def run(tree: Tree, processes: int, show: Show, stopping: Callable[[], None]) -> int:
    """The exit code. Every line goes to `show` and into the log.

    SIGINT or SIGTERM asks the job to write a checkpoint and end, and `stopping` is called; a second one kills
    it.

    Raises:
        Interrupted: it ended because it was asked to.
    """
    # A session of its own: Ctrl-C reaches this process alone, which asks politely.
    process = subprocess.Popen(
        command(processes),
        cwd=_CODE,
        env=environment(tree, processes),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    with _term_interrupts(), tree.log.open("a", encoding="utf-8") as log:
        asked = False
        while True:
            try:
                _follow(process, lambda line: _tell(line, show, log.write))
                code = process.wait()
                break
            except KeyboardInterrupt:
                if asked:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                    raise Interrupted from None
                asked = True
                process.terminate()
                stopping()
    if asked:
        raise Interrupted
    return code


def _follow(process: "subprocess.Popen[str]", tell: Show) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        tell(line.rstrip("\n"))


def _tell(line: str, show: Show, write: Callable[[str], int]) -> None:
    write(line + "\n")
    show(line)


@contextmanager
def _term_interrupts() -> Iterator[None]:
    """SIGTERM as if it were Ctrl-C: the job must not outlive this process."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

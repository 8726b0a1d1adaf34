"""GPU utilisation as a metric: a CloudWatch embedded-metric line a minute, where there is a GPU."""

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PERIOD = 60.0
QUERY = ("--query-gpu=utilization.gpu", "--format=csv,noheader,nounits")


def metric_line(percent: float, milliseconds: int, stage: str | None) -> str:
    """CloudWatch turns this log line into Medloop/GPUUtilization (embedded metric format)."""
    dimensions = {"Stage": stage} if stage else {}
    metric = {
        "Namespace": "Medloop",
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": "GPUUtilization", "Unit": "Percent"}],
    }
    meta = {"Timestamp": milliseconds, "CloudWatchMetrics": [metric]}
    return json.dumps({"_aws": meta, **dimensions, "GPUUtilization": percent})


def utilisation() -> float | None:
    """Mean over the GPUs in percent; None where the driver does not tell."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    answer = subprocess.run([program, *QUERY], capture_output=True, text=True, check=False)
    values = [float(line) for line in answer.stdout.split() if line.isdigit()]
    return sum(values) / len(values) if values else None


@contextmanager
def watched_gpu(present: bool) -> Iterator[None]:
    """Print the metric every minute while the block runs."""
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(done,), daemon=True)
    if present:
        watcher.start()
    try:
        yield
    finally:
        done.set()


def _watch(done: threading.Event) -> None:
    while not done.wait(PERIOD):
        percent = utilisation()
        if percent is not None:
            print(metric_line(percent, int(time.time() * 1000), os.environ.get("STAGE")), flush=True)

"""Brings the laptop cloud up and down: PostgreSQL, ministack, the watch beside it, and medloop itself."""

import hashlib
import json
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

from local import deploy, people, postgres
from local.processes import (
    ProcessFailed,
    choose_port,
    end,
    end_all,
    marked,
    spawn,
    wait_until_answers,
)
from local.state import (
    HOME,
    Laptop,
    alone,
    environment,
    move_addresses,
    port,
    recall,
    server_environment,
)
from medloop.aws import site
from medloop.settings import Settings

AWS_PORT = 4566
WEBHOOKS_PORT = 4580
CONSOLE_PORT = 4570

START_PATIENCE = 90.0
STOP_PATIENCE = 90.0
"""Seconds; a stop includes the last checkpoint of a training job, and saving all state."""

Progress = Callable[[str, float | None], None]
"""Told each step twice: when it begins, with None, and when it is done, with its seconds."""


def silent(step: str, seconds: float | None) -> None:
    """The progress nobody watches."""


def up(fresh: bool = False, home: Path = HOME, progress: Progress = silent) -> Laptop:
    """A cloud with the present code deployed. One that is already up stays up, and is deployed to if need be.

    Whatever this call started is stopped again when it fails or is interrupted.

    Args:
        fresh: forget all data of an earlier cloud in this folder first.

    Raises:
        ProcessFailed: with the log's last lines.
        CloudBusy: another `up` or `down` is at work in this folder.
    """
    home = home.resolve()
    with alone(home), _interruptible():
        present = running(home)
        if present and not fresh:
            return _deployed(present, progress)
        _stop(home, progress)
        if fresh:
            shutil.rmtree(home, ignore_errors=True)
        try:
            return _deployed(_started(home, progress), progress)
        except BaseException:
            _stop(home, progress)
            raise


def down(home: Path = HOME, progress: Progress = silent) -> None:
    """Stop every process of this cloud, its state saved. Harmless when there is none."""
    home = home.resolve()
    if home.exists():
        with alone(home):
            _stop(home, progress)


def running(home: Path = HOME) -> Laptop | None:
    """The cloud in this folder if it is deployed and all of it is alive."""
    laptop = recall(home.resolve())
    return laptop if laptop and laptop.is_whole and postgres.is_running(home.resolve() / "postgres") else None


@contextmanager
def laptop(home: Path, fresh: bool = False, progress: Progress = silent) -> Iterator[Laptop]:
    """A cloud for the length of a block."""
    try:
        yield up(fresh, home, progress)
    finally:
        down(home, progress)


@contextmanager
def platform(home: Path, progress: Progress = silent) -> Iterator[Laptop]:
    """As `laptop`, with nothing deployed: for tests of the services themselves."""
    with alone(home.resolve()):
        try:
            yield _started(home.resolve(), progress)
        finally:
            _stop(home.resolve(), progress)


def _started(home: Path, progress: Progress) -> Laptop:
    """PostgreSQL, ministack and the watch; each is remembered as soon as it lives."""
    before = recall(home)
    home.mkdir(parents=True, exist_ok=True)
    _empty(home / "tmp")
    with _step("PostgreSQL", progress):
        catalogue = _catalogue(home)
    endpoint = _address(before.endpoint if before else None, AWS_PORT)
    webhooks = _address(before.webhooks if before else None, WEBHOOKS_PORT)
    console = _address(before.console if before else None, CONSOLE_PORT)
    laptop = Laptop(
        home=home,
        endpoint=endpoint,
        webhooks=webhooks,
        console=console,
        catalogue=catalogue,
        deployed=before.deployed if before else "",
        published=before.published if before else "",
    )
    if before:
        move_addresses(home / "state", before.endpoint, endpoint)
    with _step("ministack", progress):
        laptop = _with_gateway(laptop)
    with _step("watch", progress):
        return _with_watch(laptop)


def _catalogue(home: Path) -> str:
    try:
        return postgres.start(home / "postgres", detached=True)
    except postgres.PostgresFailed as error:
        raise ProcessFailed(str(error)) from error


def _with_gateway(laptop: Laptop) -> Laptop:
    log = laptop.home / "logs" / "ministack.log"
    variables = server_environment(laptop.home, laptop.endpoint)
    child = spawn("ministack", _module("local.gateway"), variables, deploy.REPOSITORY, log)
    laptop = laptop.model_copy(update={"children": (*laptop.children, child)}).remember()
    wait_until_answers(child, lambda: _answers(f"{laptop.endpoint}/_ministack/ready"), log, START_PATIENCE)
    return laptop


def _with_watch(laptop: Laptop) -> Laptop:
    log = laptop.home / "logs" / "watch.log"
    variables = environment(laptop.home, laptop.endpoint)
    arguments = [laptop.home, laptop.endpoint, port(laptop.webhooks), port(laptop.console)]
    child = spawn("watch", [*_module("local.watch"), *map(str, arguments)], variables, deploy.REPOSITORY, log)
    laptop = laptop.model_copy(update={"children": (*laptop.children, child)}).remember()
    wait_until_answers(child, lambda: _answers(laptop.webhooks), log, START_PATIENCE)
    return laptop


def _deployed(laptop: Laptop, progress: Progress) -> Laptop:
    """The present code, built and deployed; nothing happens where neither code nor addresses changed."""
    code = deploy.code_hash()
    values = deploy.parameters(laptop.catalogue, laptop.webhooks, laptop.endpoint, laptop.console)
    wanted = hashlib.sha256(json.dumps([code, values]).encode()).hexdigest()
    outputs = deploy.outputs(laptop.client("cloudformation"))
    if laptop.deployed != wanted or not outputs:
        variables, logs = environment(laptop.home, laptop.endpoint), laptop.home / "logs"
        with _step("sam build", progress):
            deploy.build(code, variables, logs / "sam-build.log")
        with _step("sam deploy", progress):
            deploy.deploy(laptop.client("s3"), values, variables, logs / "sam-deploy.log")
        outputs = deploy.outputs(laptop.client("cloudformation"))
    laptop = laptop.model_copy(update={"deployed": wanted, "outputs": outputs}).remember()
    people.settle(laptop.home, laptop.client("cognito-idp"), outputs["UserPoolId"])
    laptop = _with_page(laptop, progress)
    _save(laptop)
    laptop.announce()
    return laptop


def _with_page(laptop: Laptop, progress: Progress) -> Laptop:
    """The console as it is in this checkout, where it differs from what was published."""
    try:
        files = site.release(deploy.REPOSITORY / "console", Settings.from_outputs(laptop.outputs))
    except site.NoConsole:
        return laptop
    wanted = site.fingerprint(files)
    if laptop.published != wanted:
        with _step("console", progress):
            site.publish(laptop.client("s3"), laptop.outputs["ConsoleBucket"], files)
    return laptop.model_copy(update={"published": wanted}).remember()


def _save(laptop: Laptop) -> None:
    """So that even a power cut right after the deploy costs nothing of it."""
    gateway = next((child.process() for child in laptop.children if child.name == "ministack"), None)
    if gateway:
        gateway.send_signal(signal.SIGUSR1)


def _stop(home: Path, progress: Progress) -> None:
    """ministack first, because it saves; PostgreSQL last, because functions may be writing to it."""
    laptop = recall(home)
    for child in laptop.children if laptop else ():
        with _step(f"stop {child.name}", progress, quiet=not child.alive):
            end(child, STOP_PATIENCE)
    # Workers, training jobs and endpoints whose parent was killed.
    orphans = marked(home)
    with _step(f"stop {len(orphans)} left behind", progress, quiet=not orphans):
        end_all(orphans, 0.0)
    if postgres.is_running(home / "postgres"):
        with _step("stop PostgreSQL", progress):
            postgres.stop(home / "postgres")
    if laptop:
        laptop.withdraw()
        laptop.model_copy(update={"children": (), "outputs": {}}).remember()
        _empty(home / "tmp")


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", name]


def _address(before: str | None, preferred: int) -> str:
    """Where it was the last time, if that is free; never anything but the loopback interface."""
    return f"http://127.0.0.1:{choose_port(port(before) if before else preferred)}"


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


@contextmanager
def _step(name: str, progress: Progress, quiet: bool = False) -> Iterator[None]:
    if quiet:
        yield
        return
    progress(name, None)
    began = time.monotonic()
    yield
    progress(name, time.monotonic() - began)


@contextmanager
def _interruptible() -> Iterator[None]:
    """A closed terminal and a polite kill stop `up` as Ctrl-C does: with everything cleaned up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt

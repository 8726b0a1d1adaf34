"""As many processes as there are GPUs, on as many machines as the job has: torchrun, told by SageMaker."""

import os
import sys

import torch
from pydantic import BaseModel, ConfigDict

from training.container import Folders

PORT = 29400


class Resources(BaseModel):
    """`resourceconfig.json`: who takes part in the job."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    current_host: str = "localhost"
    network_interface_name: str = ""
    """By which the machines reach each other."""
    hosts: tuple[str, ...] = ("localhost",)

    @property
    def ordered(self) -> tuple[str, ...]:
        """The same on every machine; the first one leads."""
        return tuple(sorted(self.hosts))


def resources(folders: Folders) -> Resources:
    if not folders.resources.exists():
        return Resources()
    return Resources.model_validate_json(folders.resources.read_bytes())


def torchrun(given: Resources, processes: int) -> list[str]:
    """The arguments of the launcher on this machine."""
    hosts = given.ordered
    return [
        f"--nnodes={len(hosts)}",
        f"--node-rank={hosts.index(given.current_host)}",
        f"--nproc-per-node={processes}",
        f"--master-addr={hosts[0]}",
        f"--master-port={os.environ.get('MASTER_PORT', PORT)}",
        # A lost machine is SageMaker's to replace: it starts the whole job again, from the checkpoint.
        "--max-restarts=0",
        "--module",
        "training",
        "train",
    ]


def spread_out(folders: Folders) -> None:
    """Become the launcher, unless one process is all there is, or the launcher started us."""
    given, processes = resources(folders), max(1, torch.cuda.device_count())
    if "RANK" in os.environ or (len(given.hosts) == 1 and processes == 1):
        return
    if interface := given.network_interface_name:
        os.environ |= {"NCCL_SOCKET_IFNAME": interface, "GLOO_SOCKET_IFNAME": interface}
    arguments = torchrun(given, processes)
    # In our place, so that SageMaker's SIGTERM reaches the launcher, which passes it on.
    os.execv(sys.executable, [sys.executable, "-m", "torch.distributed.run", *arguments])

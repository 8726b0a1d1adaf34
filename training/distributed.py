"""One job in several processes: who they are, and what they agree on.

torchrun starts the processes and tells each its place by environment variables; a job of one process is a
team of one, so that the loop reads the same.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class Team:
    """The processes of a job, seen from one of them."""

    rank: int = 0
    size: int = 1
    rank_here: int = 0
    """Among those of this machine."""
    size_here: int = 1
    control: Any = None
    """A group that speaks over the CPU: agreeing must not wait for the GPU."""

    @property
    def leads(self) -> bool:
        """Writes checkpoints and artefacts, and prints."""
        return self.rank == 0

    def share(self, items: Sequence[Item]) -> Sequence[Item]:
        """This process's part: every item falls to exactly one process."""
        return items[self.rank :: self.size]

    def share_here(self, items: Sequence[Item]) -> Sequence[Item]:
        """The same among the processes of this machine, each machine doing everything."""
        return items[self.rank_here :: self.size_here]

    def agree(self, wish: bool) -> bool:
        """True for all where it is for one."""
        if self.size == 1:
            return wish
        votes = torch.tensor([int(wish)])
        dist.all_reduce(votes, op=dist.ReduceOp.MAX, group=self.control)
        return bool(votes.item())

    def gather(self, item: Item) -> list[Item]:
        """What every process has, by rank."""
        if self.size == 1:
            return [item]
        gathered: list[Any] = [None] * self.size
        dist.all_gather_object(gathered, item, group=self.control)
        return gathered

    def gather_here(self, item: Item) -> list[Item]:
        """The same of the processes of this machine: ranks of one machine are neighbours."""
        first = self.rank - self.rank_here
        return self.gather(item)[first : first + self.size_here]

    def tell(self, make: Callable[[], Item]) -> Item:
        """What the leader makes, for all."""
        if self.size == 1:
            return make()
        told: list[Any] = [make() if self.leads else None]
        dist.broadcast_object_list(told, src=0, group=self.control)
        answer: Item = told[0]
        return answer

    def wait(self) -> None:
        """Until every process got here."""
        if self.size > 1:
            dist.barrier(group=self.control)

    def add_up(self, tensors: Sequence[torch.Tensor]) -> None:
        """Make each the sum of what the processes have of it."""
        for tensor in tensors:
            dist.all_reduce(tensor)

    def wrap(self, network: torch.nn.Module, device: torch.device) -> torch.nn.Module:
        """The network with gradients averaged over the processes."""
        if self.size == 1:
            return network
        devices = [device] if device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=devices)

    def say(self, text: str) -> None:
        """Print once, not once per process."""
        if self.leads:
            print(text, flush=True)


def join_team() -> Team:
    """The team that torchrun started this process in; a team of one where it did not."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Team()
    rank_here = int(os.environ["LOCAL_RANK"])
    if torch.cuda.is_available():
        torch.cuda.set_device(rank_here)
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return Team(
        rank=int(os.environ["RANK"]),
        size=size,
        rank_here=rank_here,
        size_here=int(os.environ["LOCAL_WORLD_SIZE"]),
        control=dist.new_group(backend="gloo"),
    )


def leave_team() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()

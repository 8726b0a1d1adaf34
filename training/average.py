"""The moving average of a network's weights, which answers better than the weights of any one step."""

import torch


class Average:
    """Exponential moving average; early steps count for less, so that the random start is soon forgotten."""

    def __init__(self, network: torch.nn.Module, decay: float) -> None:
        self._decay, self._steps = decay, 0
        self._live = list(network.parameters())
        self._mean = [tensor.detach().clone() for tensor in self._live]

    @torch.no_grad()
    def update(self) -> None:
        self._steps += 1
        decay = min(self._decay, self._steps / (self._steps + 10))
        torch._foreach_lerp_(self._mean, [tensor.detach() for tensor in self._live], 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Put the average into the network, and what was there here; twice is as it was before."""
        for mean, live in zip(self._mean, self._live, strict=True):
            kept = live.detach().clone()
            live.copy_(mean)
            mean.copy_(kept)

    def state_dict(self) -> dict[str, object]:
        return {"steps": self._steps, "mean": self._mean}

    def load_state_dict(self, state: dict[str, object]) -> None:
        self._steps = state["steps"]  # type: ignore[assignment]
        for mean, saved in zip(self._mean, state["mean"], strict=True):  # type: ignore[call-overload]
            mean.copy_(saved)

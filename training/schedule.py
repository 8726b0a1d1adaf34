"""The learning rate and the order of samples: functions of the step alone, so nothing is saved of them."""

import hashlib
import math

import torch

from medloop.rules.recipe import Recipe

RISING = {"cosine": 0.1, "one_cycle": 0.3}
"""Fraction of all steps in which the learning rate rises."""


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """Of step 0 to steps - 1: up in a straight line, then down to zero as a half cosine."""
    rising = max(1, round(RISING[recipe.schedule] * steps))
    if step < rising:
        return recipe.learning_rate * (step + 1) / rising
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def sample_order(seed: int, epoch: int, count: int, rounds: int = 1) -> torch.Tensor:
    """Every image once in each round of an epoch, in an order of its own."""
    generators = (torch.Generator().manual_seed(seed_of(seed, epoch, number)) for number in range(rounds))
    return torch.cat([torch.randperm(count, generator=generator) for generator in generators])


def balanced_order(classes: torch.Tensor, seed: int, epoch: int, rounds: int = 1) -> torch.Tensor:
    """As many images as `sample_order` gives, of every class equally many: each image of a class comes once
    before any of them comes again.

    Args:
        classes: of each image, [image].
    """
    generator = torch.Generator().manual_seed(seed_of(seed, epoch))
    total, shown = len(classes) * rounds, sorted(set(classes.tolist()))
    each = math.ceil(total / len(shown))
    drawn = torch.cat([_cycled((classes == kind).nonzero()[:, 0], each, generator) for kind in shown])
    return drawn[torch.randperm(len(drawn), generator=generator)][:total]


def _cycled(members: torch.Tensor, wanted: int, generator: torch.Generator) -> torch.Tensor:
    cycles = math.ceil(wanted / len(members))
    orders = [members[torch.randperm(len(members), generator=generator)] for _ in range(cycles)]
    return torch.cat(orders)[:wanted]


def seed_of(*parts: int) -> int:
    """Unrelated generators for neighbouring seeds, epochs and steps."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8]) >> 1

"""How long a job may train: by the clock, and by the money it may cost."""

import math

from medloop.rules.project import Training

STARTUP_MINUTES = 15
"""Image pull, data download, evaluation and uploads, on top of the minutes that the loop may train."""

LEAST_MINUTES = 5
"""Of training; a cap that buys fewer buys no model."""

ROUNDING = 1e-9


class TooLittleMoney(ValueError):
    """The cost cap does not pay for a training; the text says what would."""


def training_minutes(training: Training, price_per_hour: float) -> int:
    """Whole minutes that the loop may train: the smaller of both caps.

    Args:
        price_per_hour: of one instance in USD, on demand. Managed spot pays 55 to 64 percent less, so what
            is computed here bounds the cost from above, start-up included.

    Raises:
        TooLittleMoney: what is left after the start-up is less than `LEAST_MINUTES`.
    """
    if training.max_cost_usd is None:
        return training.max_minutes
    price_per_minute = price_per_hour * training.instance_count / 60
    bought = math.floor(training.max_cost_usd / price_per_minute + ROUNDING) - STARTUP_MINUTES
    wanted = min(LEAST_MINUTES, training.max_minutes)
    if bought < wanted:
        enough = math.ceil(price_per_minute * (wanted + STARTUP_MINUTES) * 100) / 100
        raise TooLittleMoney(
            f"training.max_cost_usd: {training.max_cost_usd:g} USD do not pay for {wanted} minutes of "
            f"training and {STARTUP_MINUTES} of start-up; {enough:.2f} USD do"
        )
    return min(training.max_minutes, bought)

"""What the environment decides; a test shortens the waits here."""

import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def home() -> Path:
    """The folder of all state and all scratch space."""
    return Path(os.environ.get("MEDLOOP_SAGEMAKER_DIR", ".medloop/sagemaker")).resolve()


def repository() -> Path:
    """Where the containers' code lies: the working folder of every container."""
    return Path(os.environ.get("MEDLOOP_REPOSITORY", REPOSITORY)).resolve()


def training_slots() -> int:
    """How many training jobs run at a time; the others are Pending."""
    return int(os.environ.get("MEDLOOP_TRAINING_SLOTS", "1"))


def stop_grace() -> float:
    """Seconds between SIGTERM and SIGKILL; AWS gives 120."""
    return float(os.environ.get("MEDLOOP_STOP_GRACE_SECONDS", "120"))


def scale_in_seconds() -> float | None:
    """Idle seconds before an endpoint scales in, instead of its policy's ScaleInCooldown."""
    text = os.environ.get("MEDLOOP_SCALE_IN_SECONDS", "")
    return float(text) if text else None


TRAIN = [sys.executable, "-m", "training.train"]
SERVE = [sys.executable, "-m", "training.serve"]
"""The one image's two commands, whatever the image's address."""

"""The parts of the laptop's SageMaker, and their start and end."""

from local.sagemaker import children, settings
from local.sagemaker.async_worker import AsyncWorkers
from local.sagemaker.hosting import Hosting
from local.sagemaker.scaler import Scaler
from local.sagemaker.state import State
from local.sagemaker.trainer import Trainer


class SageMaker:
    def __init__(self) -> None:
        settings.home().mkdir(parents=True, exist_ok=True)
        self.state = State(settings.home())
        self.trainer = Trainer(self.state)
        self.hosting = Hosting(self.state)
        self.queue = AsyncWorkers(self.state, self.hosting)
        self.scaler = Scaler(self.state, self.hosting, self.queue)

    def start(self) -> None:
        """Go on where the last server ended. Only once our own port answers: all of this speaks to S3."""
        children.end_leftovers()
        self.hosting.start()
        self.queue.start()
        self.scaler.start()
        self.trainer.start()

    def stop(self) -> None:
        """End every process of ours; jobs leave their last checkpoint in S3, requests stay queued."""
        self.scaler.stop()
        self.trainer.stop()
        self.queue.stop()
        self.hosting.stop()

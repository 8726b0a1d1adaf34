"""Why a container gives up, in sentences without patient data.

TrainingFailed          the job cannot go on; the text becomes SageMaker's FailureReason
├── InvalidArray        an image is not the array it should be
├── InvalidModel        a model archive or folder is not one of ours
└── ForeignCheckpoint   the checkpoint folder belongs to another training
Stopped                 SageMaker asked us to stop, and what there was is saved
"""

from typing import Final

_NO_MEMORY: Final = ("can't allocate memory", "out of memory", "_STATUS_ALLOC_FAILED")


class TrainingFailed(Exception):
    """The job cannot go on. Texts name image ids, classes and numbers, never keys or headers."""


class InvalidArray(TrainingFailed):
    """An image is not a finite HxW or HxWx3 array."""


class InvalidModel(TrainingFailed):
    """A model archive or folder is damaged, or not one of ours."""


class ForeignCheckpoint(TrainingFailed):
    """Continuing from this checkpoint would mix two trainings."""


class Stopped(Exception):
    """A stop was asked for, and the checkpoint is written."""


def is_out_of_memory(error: RuntimeError) -> bool:
    """PyTorch has a class of errors for its GPU allocator alone; CPU, cuDNN and cuBLAS say it in words."""
    return type(error).__name__ == "OutOfMemoryError" or any(text in str(error) for text in _NO_MEMORY)

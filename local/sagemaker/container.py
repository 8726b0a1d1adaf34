"""The container contract: the tree that stands for /opt/ml, its configuration files and its variables."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from local.sagemaker.children import BASE
from local.sagemaker.state import Record, write

HOST = "algo-1"


@dataclass(frozen=True)
class Tree:
    """One container's /opt/ml."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "input" / "config"

    @property
    def model(self) -> Path:
        return self.root / "model"

    @property
    def results(self) -> Path:
        return self.root / "output" / "data"

    @property
    def failure(self) -> Path:
        return self.root / "output" / "failure"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        return self.root / "output" / "tensorboard"

    def channel(self, name: str) -> Path:
        return self.root / "input" / "data" / name

    def make(self) -> None:
        """Afresh, as on a new instance."""
        self.remove()
        for folder in (self.config, self.model, self.results, self.checkpoints, self.tensorboard):
            folder.mkdir(parents=True)

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


def write_configuration(tree: Tree, job: Record) -> None:
    resources = job["ResourceConfig"]
    instance = resources.get("InstanceType", "ml.m5.large")
    write(tree.config / "hyperparameters.json", job.get("HyperParameters", {}))
    write(tree.config / "inputdataconfig.json", {c["ChannelName"]: _channel(c) for c in _channels(job)})
    write(
        tree.config / "resourceconfig.json",
        {
            "current_host": HOST,
            "current_instance_type": instance,
            "current_group_name": "homogeneousCluster",
            "hosts": [HOST],
            "instance_groups": [
                {"instance_group_name": "homogeneousCluster", "instance_type": instance, "hosts": [HOST]}
            ],
            "network_interface_name": "lo",
        },
    )


def training_variables(tree: Tree, job: Record) -> dict[str, str]:
    """The request's Environment, and what SageMaker and its training toolkit set."""
    return {
        **job.get("Environment", {}),
        **_machine(tree),
        "TRAINING_JOB_NAME": job["TrainingJobName"],
        "TRAINING_JOB_ARN": job["TrainingJobArn"],
        "SM_CURRENT_HOST": HOST,
        "SM_MODEL_DIR": str(tree.model),
        "SM_OUTPUT_DATA_DIR": str(tree.results),
        **{
            f"SM_CHANNEL_{c['ChannelName'].upper()}": str(tree.channel(c["ChannelName"]))
            for c in _channels(job)
        },
    }


def serving_variables(tree: Tree, environment: dict[str, str], port: int) -> dict[str, str]:
    place = {"SAGEMAKER_BIND_TO_PORT": str(port), "MEDLOOP_BIND_HOST": "127.0.0.1"}
    return {**environment, **_machine(tree), **place}


def _machine(tree: Tree) -> dict[str, str]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    gpus = len([device for device in Path("/dev").glob("nvidia[0-9]*")])
    return {
        BASE: str(tree.root),
        "SM_NUM_CPUS": str(cores),
        "SM_NUM_GPUS": str(gpus),
        "OMP_NUM_THREADS": str(cores),
        "PYTHONUNBUFFERED": "1",
    }


def _channels(job: Record) -> list[Record]:
    return list(job.get("InputDataConfig", []))


def _channel(channel: Record) -> Record:
    source = channel["DataSource"]["S3DataSource"]
    return {
        "ContentType": channel.get("ContentType"),
        "TrainingInputMode": channel.get("InputMode", "File"),
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
    }

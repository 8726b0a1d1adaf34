"""What a completed training job left in the models bucket, on its way to a folder of this machine."""

import tarfile
from pathlib import Path

from medloop.aws.clients import client


def folder_of(models_bucket: str, job: str) -> str:
    """
    >>> folder_of("models", "medloop-dev-chest-1")
    's3://models/jobs/medloop-dev-chest-1/output/'
    """
    return f"s3://{models_bucket}/jobs/{job}/output/"


def curves_of(models_bucket: str, job: str) -> str:
    """Where SageMaker keeps TensorBoard's files while the job runs and afterwards."""
    return f"s3://{models_bucket}/jobs/{job}/tensorboard-output/"


def download(models_bucket: str, job: str, folder: Path) -> None:
    """`model/` and, beside it, evaluation.json, history.json and whatever else the job reported.

    Raises:
        ClientError: there is no such output.
        tarfile.TarError: an archive is damaged, or would leave the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, target in (("model", folder / "model"), ("output", folder)):
        archive = folder / f"{name}.tar.gz"
        client("s3").download_file(models_bucket, f"jobs/{job}/output/{archive.name}", str(archive))
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(target, filter="data")
        archive.unlink()

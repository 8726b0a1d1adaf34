"""An installation that lost catalogue, models and endpoint comes back from its backup."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from medloop import recovery
from medloop.aws import objects
from medloop.aws.clients import client
from medloop.catalogue.dump import is_empty
from medloop.catalogue.schema import TABLES
from medloop.cli.main import app
from medloop.platform import catalogue
from medloop.rules.deployment import endpoint_name, release_name
from tests.e2e.loop import Loop, until

pytestmark = pytest.mark.cloud


def test_restore_brings_an_empty_installation_back(shapes: Loop, samples: Path) -> None:
    settings = shapes.settings
    taken = CliRunner().invoke(app, ["--stage", "laptop", "backup"])
    assert taken.exit_code == 0, taken.output
    champion = shapes.wait_for_champion()
    lose_everything(shapes, champion.version, champion.artefact)
    assert catalogue().read(is_empty)

    restored = CliRunner().invoke(app, ["--stage", "laptop", "restore"])

    assert restored.exit_code == 0, restored.output
    assert shapes.champion() == champion
    assert objects.exists(settings.models_bucket, champion.artefact)
    name = endpoint_name(settings.stage, shapes.project)
    until("the endpoint", lambda: status(name) == "InService", 120)
    image = next((samples / "predict").glob("*.png")).read_bytes()
    assert shapes.predict(image, "after-restore.png").state == "done"


def lose_everything(loop: Loop, version: int, artefact: str) -> None:
    settings = loop.settings
    for table in TABLES:
        catalogue().run(lambda conn, table=table: conn.execute(f"DELETE FROM {table}"))
    objects.delete(settings.models_bucket, [artefact])
    sagemaker = client("sagemaker")
    release = release_name(settings.stage, loop.project, version)
    sagemaker.delete_endpoint(EndpointName=endpoint_name(settings.stage, loop.project))
    sagemaker.delete_endpoint_config(EndpointConfigName=release)
    sagemaker.delete_model(ModelName=release)
    until("an empty SageMaker", lambda: status(endpoint_name(settings.stage, loop.project)) == "")


def status(name: str) -> str:
    from medloop.aws.endpoints import describe

    endpoint = describe(name)
    return "" if endpoint is None else endpoint.status


def test_the_drill_restores_beside_the_live_catalogue(shapes: Loop) -> None:
    contents = recovery.drill(catalogue(), shapes.settings.backups_bucket, "restore_drill")
    assert contents.champions
    assert shapes.champion() is not None

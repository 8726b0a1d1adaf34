"""A project has one champion at every moment, whoever promotes whatever at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from medloop.catalogue.connection import Catalogue, open_catalogue
from medloop.catalogue.errors import UnknownProject
from medloop.catalogue.models import (
    Model,
    ModelState,
    add_model,
    champion,
    list_champions,
    list_models,
    previous_champion,
    promote,
)
from medloop.catalogue.projects import put_project
from medloop.catalogue.secret import Connection
from medloop.rules.project import Project

AT = datetime(2026, 1, 1, tzinfo=UTC)
LUNGS = Project(project="lungs", classes=("ok", "ill"))


def model(version: int, state: ModelState = "approved") -> Model:
    return Model("lungs", version, f"job-{version}", f"jobs/{version}", "{}", AT, state=state)


@pytest.fixture
def models(catalogue: Catalogue) -> Catalogue:
    def fill(conn: Connection) -> None:
        put_project(conn, LUNGS, AT)
        for version in range(1, 9):
            add_model(conn, model(version))
        add_model(conn, model(9, "evaluated"))
        add_model(conn, model(10, "refused"))

    catalogue.run(fill)
    return catalogue


def promoted(catalogue: Catalogue, version: int, hour: int) -> bool:
    return catalogue.run(lambda conn: promote(conn, "lungs", version, AT + timedelta(hours=hour)))


def test_eight_promotions_at_once_leave_one_champion(models: Catalogue, catalogue_secret: str) -> None:
    def promote_one(version: int) -> bool:
        with open_catalogue(catalogue_secret) as own:
            return promoted(own, version, version)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(promote_one, range(1, 9)))

    states = [row.state for row in models.run(lambda conn: list_models(conn, "lungs"))]
    assert sorted(states) == ["champion", "evaluated", "refused"] + ["retired"] * 7


def test_a_promotion_that_did_not_see_another_starts_over(models: Catalogue, catalogue_secret: str) -> None:
    """The first two champions of a project are different rows: nothing but the project itself collides."""
    seen: list[Model | None] = []
    with open_catalogue(catalogue_secret) as rival:

        def work(conn: Connection) -> bool:
            seen.append(champion(conn, "lungs"))
            if len(seen) == 1:
                promoted(rival, 2, 2)
            return promote(conn, "lungs", 1, AT)

        assert models.run(work)
    assert [row and row.version for row in seen] == [None, 2]
    assert [row.version for row in models.run(list_champions)] == [1]


def test_the_champion_before_is_the_one_to_roll_back_to(models: Catalogue) -> None:
    for hour, version in enumerate([1, 2, 3]):
        promoted(models, version, hour)
    before = models.run(lambda conn: previous_champion(conn, "lungs"))
    assert before is not None and before.version == 2

    promoted(models, before.version, 4)
    now = models.run(lambda conn: champion(conn, "lungs"))
    undone = models.run(lambda conn: previous_champion(conn, "lungs"))
    assert now is not None and now.version == 2
    assert undone is not None and undone.version == 3


def test_promoting_the_champion_again_changes_nothing(models: Catalogue) -> None:
    promoted(models, 1, 0)
    first = models.run(lambda conn: champion(conn, "lungs"))
    assert promoted(models, 1, 5)
    assert models.run(lambda conn: champion(conn, "lungs")) == first


@pytest.mark.parametrize("version", [9, 10, 99])
def test_unproven_refused_and_unknown_models_do_not_unseat_it(models: Catalogue, version: int) -> None:
    promoted(models, 1, 0)
    assert not promoted(models, version, 1)
    now = models.run(lambda conn: champion(conn, "lungs"))
    assert now is not None and now.version == 1


def test_an_unknown_project_has_no_champion_to_make(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownProject):
        promoted(catalogue, 1, 0)

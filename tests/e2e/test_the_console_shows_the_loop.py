"""The console in a real browser: from the dropped file to the prediction looked at, as each role."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from local.demo.structures import lump
from medloop.catalogue.results import results_of
from medloop.platform import catalogue
from medloop.rules.access import Role
from medloop.settings import Settings
from tests.e2e.browser import NARROW, at_the_console, chromium, findings, needs_chromium
from tests.e2e.loop import Loop, until
from tests.e2e.lumps import file_of as lumps_file
from tests.e2e.people import Person, hire

pytestmark = needs_chromium

VIEWS: dict[Role, tuple[str, ...]] = {
    "admin": ("overview", "images", "datasets", "training", "models", "predictions"),
    "engineer": ("overview", "images", "datasets", "training", "models", "predictions"),
    "medical-reader": ("images", "predictions"),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def people(settings: Settings, shapes: Loop) -> dict[Role, Person]:
    found: dict[Role, Person] = {role: hire(settings, role) for role in VIEWS}
    for role in ("engineer", "medical-reader"):
        found["admin"].put(f"/grants/{found[role].name}/{shapes.project}")  # type: ignore[index]
    return found


@pytest.fixture(scope="module")
def answered(shapes: Loop, samples: Path) -> str:
    """A prediction with its files."""
    prediction = shapes.predict(sorted((samples / "predict").iterdir())[2].read_bytes(), "looked-at")
    until("the files", lambda: bool(catalogue().read(lambda conn: results_of(conn, prediction.id))))
    return prediction.id


def go(page: Page, project: str, *place: str) -> None:
    page.goto(f"{page.url.split('#')[0]}#/p/{project}/{'/'.join(place)}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".waiting")).to_have_count(0)


def test_files_are_dropped_and_get_their_verdict(
    browser: Browser, people: dict[Role, Person], shapes: Loop, samples: Path, tmp_path: Path
) -> None:
    good, bad = sorted((samples / "labelled" / "ring").iterdir())[0], tmp_path / "notes.dcm"
    bad.write_bytes(b"no image at all")
    with at_the_console(browser, people["engineer"]) as page:
        go(page, shapes.project, "images")
        page.get_by_role("combobox", name="Class", exact=True).select_option("ring")
        page.locator("input[type=file]:not([webkitdirectory])").set_input_files([good, bad])
        panel = page.get_by_role("region", name="Add images")
        expect(panel.get_by_text("1 accepted")).to_be_visible()
        expect(panel.get_by_text("The content is no image, whatever the name says.")).to_be_visible()
        expect(panel.get_by_text("Upload DICOM, NIfTI, PNG, JPEG or TIFF.")).to_be_visible()


def test_a_training_is_asked_for_and_its_curves_are_drawn(
    browser: Browser, people: dict[Role, Person], shapes: Loop
) -> None:
    before = len(shapes.jobs())
    with at_the_console(browser, people["engineer"]) as page:
        go(page, shapes.project, "training")
        page.get_by_role("button", name="Train now").click()
        page.get_by_role("dialog").get_by_role("button", name="Train now").click()
        until("the job", lambda: len(shapes.jobs()) > before)
        go(page, shapes.project, "training", shapes.jobs()[0].name)
        expect(page.locator("main svg path").first).to_be_visible(timeout=180_000)
        until("the job's end", lambda: shapes.jobs()[0].finished_at is not None, 240)
        expect(page.get_by_text("completed", exact=True).first).to_be_visible()


def test_another_version_is_made_the_champion(
    browser: Browser, people: dict[Role, Person], shapes: Loop
) -> None:
    listing = f"/projects/{shapes.project}/models"

    def models() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = people["engineer"].get(listing).json()["items"]
        return found

    until(
        "the last release", lambda: not [m for m in models() if m["state"] in ("approved", "deploying")], 120
    )
    other = next(model for model in models() if model["state"] != "champion")
    # What the gate refused is approved; what served before is promoted again.
    word = "Approve" if other["state"] == "refused" else "Promote"
    with at_the_console(browser, people["engineer"]) as page:
        go(page, shapes.project, "models", str(other["version"]))
        page.get_by_role("button", name=word, exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name=word).click()
        shapes.wait_for_champion(other["version"])
        expect(page.get_by_text("champion", exact=True).first).to_be_visible()


def test_a_prediction_is_looked_at_and_agreed_with(
    browser: Browser, people: dict[Role, Person], shapes: Loop, answered: str
) -> None:
    with at_the_console(browser, people["medical-reader"]) as page:
        go(page, shapes.project, "predictions", answered)
        canvas = page.get_by_role("application", name="Slice viewer")
        expect(canvas).to_be_visible()
        expect(page.get_by_label("Level")).to_be_visible()
        assert len(set(canvas.screenshot())) > 50, "the picture is drawn"
        before = page.get_by_label("Width").input_value()
        canvas.focus()
        page.keyboard.press("Shift+ArrowRight")
        assert page.get_by_label("Width").input_value() != before
        page.get_by_role("button", name="Agree", exact=True).click()
        expect(page.get_by_role("button", name="Agree", exact=True)).to_have_attribute("aria-pressed", "true")
        with page.expect_download() as saved:
            page.get_by_role("button", name="Download Result as JSON").click()
        assert saved.value.suggested_filename.endswith("result.json")


def test_a_segmentation_is_looked_at_slice_by_slice(
    browser: Browser, settings: Settings, lumps: Loop
) -> None:
    prediction = lumps.predict(lumps_file(lump(np.random.default_rng(11))[0]), "seen.nii.gz")
    until("the mask", lambda: bool(catalogue().read(lambda conn: results_of(conn, prediction.id))))
    with at_the_console(browser, hire(settings, "admin")) as page:
        go(page, lumps.project, "predictions", prediction.id)
        expect(page.get_by_role("application", name="Slice viewer")).to_be_visible()
        expect(page.get_by_label("Mask", exact=True)).to_be_checked()
        shown = page.get_by_text(re.compile(r"^\d+ of \d+$"))
        before = shown.inner_text()
        page.get_by_role("application", name="Slice viewer").focus()
        page.keyboard.press("ArrowUp")
        assert shown.inner_text() != before
        page.get_by_role("button", name="Coronal").click()
        expect(page.get_by_role("button", name="Coronal")).to_have_attribute("aria-pressed", "true")


def test_a_reader_is_shown_nothing_that_is_not_theirs(
    browser: Browser, people: dict[Role, Person], shapes: Loop
) -> None:
    with at_the_console(browser, people["medical-reader"]) as page:
        go(page, shapes.project, "images")
        offered = page.get_by_role("navigation").get_by_role("link").all_inner_texts()
        assert {"Images", "Predictions"} <= set(offered)
        assert not {"Training", "Models", "Datasets", "Access", "Audit"} & set(offered)
        expect(page.get_by_role("region", name="Add images")).to_have_count(0)
        assert ".png" not in page.get_by_role("main").inner_text()


@pytest.mark.parametrize("role", VIEWS)
@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_every_view_can_be_used_by_everybody(
    browser: Browser, people: dict[Role, Person], shapes: Loop, answered: str, role: Role, size: str
) -> None:
    options = {"viewport": NARROW, "color_scheme": "dark"} if size == "narrow" else {}
    with at_the_console(browser, people[role], **options) as page:
        for view in VIEWS[role]:
            go(page, shapes.project, view)
            assert findings(page) == [], view
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        go(page, shapes.project, "predictions", answered)
        assert findings(page) == []

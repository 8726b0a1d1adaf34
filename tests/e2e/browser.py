"""Debian's Chromium at the console, as a person uses it: signed in at the pool's own page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.people import Person

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: `make oracles` installs it")

# The sandbox needs what containers lack; without a GPU the slices are drawn by the processor.
ARGUMENTS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 400, "height": 800}
PATIENCE = 30_000
"""Milliseconds: a busy machine with two cores."""

LEAST = ("serious", "critical")
"""Findings of accessibility that no view may have."""

expect.set_options(timeout=PATIENCE)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def at_the_console(browser: Browser, person: Person, **options: object) -> Iterator[Page]:
    """A page of this person, signed in; whatever the browser complains of fails the test."""
    context = browser.new_context(**{"viewport": WIDE, **options})  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if is_complaint(said.text) else None)
    page.goto(person.console)
    page.get_by_role("button", name="Sign in").first.click()
    page.locator("input[name=username]").fill(person.name)
    page.locator("input[name=password]").fill(person.password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(f"{person.console}/**")
    expect(page.get_by_role("button", name=f"{person.name}, account")).to_be_visible()
    yield page
    context.close()
    assert complaints == []


def is_complaint(text: str) -> bool:
    """What breaks the page's own policy, or is no answer of the API that the page shows."""
    return "Content Security Policy" in text or "Uncaught" in text


def findings(page: Page) -> list[str]:
    """What axe finds serious or critical, with the elements."""
    found = Axe().run(page).response["violations"]
    worst = [one for one in found if one["impact"] in LEAST]
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in worst]

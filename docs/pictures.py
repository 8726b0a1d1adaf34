"""Takes the pictures of the console that the documents show: `PYTHONPATH=. python docs/pictures.py PROJECT`.

Of the laptop cloud that is up here, signed in as its administrator; PROJECT has a champion and predictions.
"""

import sys
from pathlib import Path

from playwright.sync_api import Page

from local import people
from local.state import HOME
from medloop.cli.target import choose_laptop, connect
from tests.e2e.browser import NARROW, at_the_console, chromium
from tests.e2e.people import Person, hire

HERE = Path(__file__).parent

WIDE = {"width": 1280, "height": 860}


def main(project: str) -> None:
    choose_laptop(HOME / "laptop.json")
    settings = connect()
    # Signed in by its password; the token is for finding a prediction to show.
    token = hire(settings, "admin").token
    admin = Person("admin", "admin", people.password(HOME), token, settings.api_url, settings.console_origin)
    found = admin.get(f"/projects/{project}/predictions?state=done&limit=1").json()["items"][0]["id"]
    with chromium() as browser:
        with at_the_console(browser, admin, viewport=WIDE) as page:
            take(page, project, f"predictions/{found}", "console.png")
            take(page, project, "overview", "console-overview.png")
            take(page, project, "models/1", "console-model.png")
        dark = {"viewport": NARROW, "color_scheme": "dark"}
        with at_the_console(browser, admin, **dark) as page:
            take(page, project, f"predictions/{found}", "console-narrow.png")


def take(page: Page, project: str, place: str, name: str) -> None:
    page.goto(f"{page.url.split('#')[0]}#/p/{project}/{place}")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(3000)
    page.screenshot(path=HERE / name)


if __name__ == "__main__":
    main(sys.argv[1])

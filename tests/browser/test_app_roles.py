"""Who may come in, and what they may do there, as the pages show it and the server holds it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.conftest import Opened, Visit, settle, visiting
from tests.browser.flights import Site, serving
from tests.browser.test_app_flows import expect, finding

pytestmark = [pytest.mark.newest, pytest.mark.xdist_group("app-small")]

PASSWORDS = {
    "root": "granite mellow otter nine", "ada": "tulip ferry anvil moss",
    "vic": "copper quilt seven lanterns",
}  # fmt: skip
ROLES = {"root": "admin", "ada": "editor", "vic": "viewer"}
RULES = """\
groups:
  - name: watch
    rules:
      - {alert: Quiet, expr: 'absent(throughput, "15m")', allow_noisy: true, severity: P2}
"""


def add_user(folder: Path, name: str) -> None:
    """Add a user by the command, before the server starts."""
    subprocess.run(
        [sys.executable, "-m", "watchkeeper", "users", "add", name, "--role", ROLES[name],
         "--password-stdin", "--data", str(folder / "data")],
        input=PASSWORDS[name], text=True, check=True, capture_output=True, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def guarded(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with a rule and an incident, on which people sign in."""
    del chromium
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "data").mkdir()
    with serving(folder) as url:
        prediction = {"model": "fares", "features": {"miles": 3.5}, "prediction": "low"}
        httpx.post(f"{url}/v1/predictions", json=prediction, timeout=30).raise_for_status()
        httpx.put(f"{url}/v1/rules/watch", content=RULES, timeout=60).raise_for_status()
        incident = {"title": "Labels are late", "severity": "SEV-3"}
        httpx.post(f"{url}/v1/incidents", json=incident, timeout=30).raise_for_status()
    for name in ROLES:
        add_user(folder, name)
    with serving(folder) as url:
        yield Site(url, folder)


@pytest.fixture
def enter(browser: Any, guarded: Site) -> Iterator[Visit]:
    """Open a page as nobody."""
    with visiting(browser, guarded.url) as open_page:
        yield open_page


def sign_in(opened: Opened, name: str, password: str | None = None) -> None:
    """Fill in the form and send it."""
    page = opened.page
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORDS[name] if password is None else password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def refused(opened: Opened) -> list[str]:
    """What the browser says of answers such as 401, taken off the list of problems."""
    found = [text for text in opened.problems if text.startswith("Failed to load resource")]
    opened.problems[:] = [text for text in opened.problems if text not in found]
    return found


def test_a_wrong_password_opens_nothing(enter: Visit) -> None:
    """It is said that one of the two is wrong, not which; nothing of the data is in the page."""
    opened = enter("/models/fares?window=24h")
    page = opened.page
    expect(finding(opened)).to_have_text("Sign in")
    for name, password in (("ada", "not the password at all"), ("nobody", "whatever this may be")):
        sign_in(opened, name, password)
        expect(page.get_by_role("alert")).to_be_visible()
        said = page.get_by_role("alert").inner_text()
        assert name not in said
    assert page.get_by_label("Password").get_attribute("type") == "password"
    assert "fares" not in page.locator("body").inner_text()
    assert page.context.cookies() == []
    assert refused(opened)
    sign_in(opened, "ada")
    # The page that was asked for, with its range.
    expect(page.locator("header h1")).to_have_text("fares")
    expect(page.locator(".range > button").last).to_contain_text("Last 24 hours")
    cookies = page.context.cookies()
    assert [(one["httpOnly"], one["sameSite"]) for one in cookies] == [
        (True, cookies[0]["sameSite"])
    ]
    assert cookies[0]["sameSite"] in {"Strict", "Lax"}
    assert opened.problems == []


VIEWED = (
    ("/silences", "New silence"), ("/monitors", "New monitor"),
    ("/dashboards", "Make a dashboard"), ("/incidents", "Open an incident"),
)  # fmt: skip


def test_a_viewer_looks_and_is_told_why_no_more(enter: Visit) -> None:
    """Every button is there, cannot be pressed, and says why; the server refuses it, too."""
    opened = enter("/")
    page = opened.page
    sign_in(opened, "vic")
    expect(page.get_by_role("link", name="fares")).to_be_visible()
    for path, name in VIEWED:
        page.locator(f".nav a[href^='{'/alerts' if path == '/silences' else path}']").click()
        if path == "/silences":
            page.get_by_role("link", name="Silences").click()
        button = page.get_by_role("button", name=name)
        expect(button).to_be_disabled()
        assert "You are a viewer and may look" in (button.get_attribute("title") or "")
    page.get_by_role("link", name="Labels are late").click()
    expect(page.get_by_role("button", name="Change severity")).to_be_disabled()
    answers = page.evaluate(
        """async () => {
          const {csrf} = await (await fetch('/v1/session')).json();
          const send = (method, path, body) => fetch(path, {method, body: JSON.stringify(body),
            headers: {'Content-Type': 'application/json', 'X-CSRF-Token': csrf}});
          return [
            (await send('POST', '/v1/incidents', {title: 'x', severity: 'SEV-3'})).status,
            (await send('DELETE', '/v1/rules/watch')).status,
            (await send('PUT', '/v1/dashboards/mine', {title: 'x', panels: []})).status,
          ];
        }"""
    )
    assert answers == [403, 403, 403]
    refused(opened)
    assert opened.problems == []


def test_an_editor_acts_and_signs_out(enter: Visit) -> None:
    """What an editor does is noted under their name; after signing out the cookie opens nothing."""
    opened = enter("/incidents")
    page = opened.page
    sign_in(opened, "ada")
    page.get_by_role("button", name="Open an incident").click()
    dialog = page.get_by_role("dialog", name="Open an incident")
    dialog.get_by_label("What is broken").fill("Fares are far too low")
    # Who does it is known: nobody is asked for a name.
    expect(dialog.get_by_label("Your name")).to_have_count(0)
    dialog.get_by_role("button", name=re.compile("^Open it")).click()
    expect(finding(opened)).to_have_text("Fares are far too low")
    expect(page.locator("main")).to_contain_text("commanded by ada")
    cookies = page.context.cookies()
    page.get_by_role("button", name="Your account: ada").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(finding(opened)).to_have_text("Sign in")
    settle(opened)
    assert "Fares are far too low" not in page.locator("body").inner_text()
    page.context.add_cookies(cookies)
    page.reload()
    expect(finding(opened)).to_have_text("Sign in")


def test_a_change_without_the_token_is_refused(enter: Visit, guarded: Site) -> None:
    """The cookie alone changes nothing, as a form of another site would send it."""
    opened = enter("/")
    page = opened.page
    sign_in(opened, "ada")
    expect(page.get_by_role("link", name="fares")).to_be_visible()
    status, said, right = page.evaluate(
        """async () => {
          const body = JSON.stringify({title: 'forged', severity: 'SEV-3'});
          const headers = {'Content-Type': 'application/json'};
          const without = await fetch('/v1/incidents', {method: 'POST', body, headers});
          const wrong = await fetch('/v1/incidents',
            {method: 'POST', body, headers: {...headers, 'X-CSRF-Token': 'guessed'}});
          const {csrf} = await (await fetch('/v1/session')).json();
          return [[without.status, wrong.status], await without.text(), csrf.length > 20];
        }"""
    )
    assert status == [403, 403]
    assert "csrf" in said.lower() or "token" in said.lower()
    assert right
    titles = page.evaluate(
        "async () => (await (await fetch('/v1/incidents')).json()).incidents.map((i) => i.title)"
    )
    assert "forged" not in titles
    assert httpx.get(f"{guarded.url}/v1/incidents", timeout=30).status_code == 401

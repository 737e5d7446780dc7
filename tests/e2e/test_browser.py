"""The same in a real browser: what its own rules for certificates, cookies, origins and content make of the stack."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.e2e.conftest import Device, Open, Person
from tests.environment import ROOT, Environment

SCREENSHOTS = ROOT / "build"
SECONDS = 15


def complaints(browser: webdriver.Chrome) -> list[str]:
    """What the browser complained of since it was last asked. (Django's admin has no icon.)"""
    found = []
    for window in browser.window_handles:
        browser.switch_to.window(window)
        found += [str(entry["message"]) for entry in browser.get_log("browser")]  # type: ignore[no-untyped-call]
    return [message for message in found if "/favicon.ico " not in message]


@pytest.fixture
def quiet(browser: webdriver.Chrome) -> Iterator[None]:
    """Any complaint of the browser fails the test: refused content before all."""
    complaints(browser)
    yield
    assert complaints(browser) == []


@pytest.fixture
def logged_in(environment: Environment, browser: webdriver.Chrome, person: Person) -> webdriver.Chrome:
    browser.delete_all_cookies()
    browser.get(f"{environment.url}/")
    assert browser.current_url.startswith(f"{environment.url}/login/")
    browser.find_element(By.NAME, "username").send_keys(person.name)
    browser.find_element(By.NAME, "password").send_keys(person.password)
    browser.find_element(By.ID, "log-in").click()
    wait(browser).until(lambda driver: driver.current_url == f"{environment.url}/devices/")
    return browser


def wait(browser: webdriver.Chrome) -> WebDriverWait[webdriver.Chrome]:
    return WebDriverWait(browser, SECONDS)


def text(browser: webdriver.Chrome, identifier: str) -> str:
    return str(browser.find_element(By.ID, identifier).text)


def open_device(browser: webdriver.Chrome, url: str) -> str:
    """Open a device's page in a window of its own; returns the replica that holds its WebSocket."""
    browser.switch_to.new_window("tab")
    browser.get(url)
    wait(browser).until(lambda driver: text(driver, "connection") == "open" and text(driver, "replica"))
    return text(browser, "replica").removeprefix("on ")


def send(browser: webdriver.Chrome, body: str) -> None:
    browser.find_element(By.ID, "message-body").send_keys(body)
    browser.find_element(By.CSS_SELECTOR, "#send-message button").click()


def shown(browser: webdriver.Chrome, body: str) -> Any:
    """The line of a message, once it is there: sender, body and the replica that took it."""
    return wait(browser).until(
        lambda driver: [line for line in driver.find_elements(By.CSS_SELECTOR, "#messages li") if body in line.text]
    )[0]


def test_two_windows_on_two_replicas(
    environment: Environment, logged_in: webdriver.Chrome, sockets: Open, quiet: None
) -> None:
    browser = logged_in
    name = f"browser-{uuid.uuid4().hex[:8]}"
    browser.find_element(By.NAME, "name").send_keys(name)
    browser.find_element(By.ID, "create-device").click()
    token = wait(browser).until(lambda driver: text(driver, "token"))
    url = browser.find_element(By.LINK_TEXT, name).get_attribute("href")
    assert url

    windows: dict[str, str] = {}
    for _ in range(10):
        replica = open_device(browser, url)
        windows.setdefault(replica, browser.current_window_handle)
        if len(windows) == 2:
            break
    assert len(windows) == 2, f"ten windows, all on {set(windows)}"

    first, second = windows
    body = f"across {uuid.uuid4().hex}"
    browser.switch_to.window(windows[first])
    send(browser, body)
    browser.switch_to.window(windows[second])
    assert shown(browser, body).text.endswith(first), "the message was taken by the other replica"

    # A device elsewhere, with its token: it hears the browser, and the browser hears it.
    device = Device(url.rstrip("/").rsplit("/", 1)[1], token)
    opened = sockets(device)
    answer = f"device {uuid.uuid4().hex}"
    opened.send(body=answer)
    assert f"device {name}" in shown(browser, answer).text
    SCREENSHOTS.mkdir(exist_ok=True)
    assert browser.save_screenshot(str(SCREENSHOTS / "e2e-device.png"))

    # What was sent is in Postgres: a page that is loaded anew has it before any WebSocket is open.
    kept = browser.execute_async_script(
        "const done = arguments[0];"
        f"fetch('/api/devices/{device.id}/messages/').then(answer => answer.json()).then(done)"
    )
    assert {body, answer} <= {message["body"] for message in kept["messages"]}


def test_the_admin_has_its_styles(environment: Environment, browser: webdriver.Chrome, quiet: None) -> None:
    browser.get(f"{environment.url}/admin/login/")
    header = browser.find_element(By.ID, "header")
    assert header.value_of_css_property("background-color") not in ("rgba(0, 0, 0, 0)", "rgba(255, 255, 255, 1)")
    assert browser.save_screenshot(str(SCREENSHOTS / "e2e-admin.png"))


def test_what_the_policy_refuses_is_refused(environment: Environment, browser: webdriver.Chrome) -> None:
    """Or a browser that says nothing would prove nothing."""
    browser.get(f"{environment.url}/login/")
    browser.execute_script("""
        const script = document.createElement('script');
        script.textContent = 'window.injected = true';
        document.head.append(script);
    """)
    assert browser.execute_script("return window.injected") is None
    assert any("Content Security Policy" in message for message in complaints(browser))


def test_the_browser_trusts_the_connection(environment: Environment, browser: webdriver.Chrome) -> None:
    browser.get(f"{environment.url}/login/")
    assert browser.execute_script("return window.isSecureContext && location.protocol") == "https:"

"""Find a Chromium to drive: CHROMIUM → one on the PATH → Playwright's own → Debian's package when we are root."""

import functools
import os
import shutil
import subprocess
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Without these a browser as root does not start, and looks for its maker's servers at every start.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


class NoChromiumError(Exception):
    """Says in words why there is no browser."""


def playwrights_own() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def debians_package() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "-y", "chromium"]):
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    return shutil.which("chromium")


@functools.cache
def find_chromium() -> str:
    """Return the path of a Chromium. Raises NoChromiumError when none can be had."""
    if given := os.environ.get("CHROMIUM"):
        if not shutil.which(given):
            raise NoChromiumError(f"CHROMIUM={given} is not a program")
        return given
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    found = found or playwrights_own() or debians_package()
    if not found:
        raise NoChromiumError("no Chromium: set CHROMIUM, install one, or run `playwright install chromium`")
    return found

"""Text messages: what every gateway must do, and the two that are shipped. `SMS_URL` says which one is used."""

import json
import logging
from typing import Protocol
from urllib import request
from urllib.parse import urlsplit

from django.conf import settings

logger = logging.getLogger(__name__)
PATIENCE_SECONDS = 20


class TextsFailed(Exception):
    """The gateway did not take a message; the words say why."""


class TextBackend(Protocol):
    """Hand one text to a gateway. Raises when it was not taken; returning means that it was."""

    def send(self, to: str, text: str) -> None: ...


class ConsoleTexts:
    """Prints them: for trying things out."""

    def send(self, to: str, text: str) -> None:
        print(f"Text message to {to}:\n{text}\n", flush=True)


class MemoryTexts:
    """Keeps them in `outbox`: for tests."""

    outbox: list[tuple[str, str]] = []

    def send(self, to: str, text: str) -> None:
        self.outbox.append((to, text))


class _NoDetours(request.HTTPRedirectHandler):
    """A redirected POST becomes a GET that some page answers with 200: nothing would have been sent."""

    def redirect_request(self, *args, **kwargs):
        return None


class HttpTexts:
    """Posts `{"to", "from", "text"}` as JSON, with `SMS_TOKEN` as bearer token; any answer of 2xx means taken."""

    def __init__(self, address: str) -> None:
        self.address = address

    def send(self, to: str, text: str) -> None:
        body = json.dumps({"to": to, "from": settings.SMS_SENDER, "text": text}).encode()
        headers = {"Content-Type": "application/json"}
        if settings.SMS_TOKEN:
            headers["Authorization"] = f"Bearer {settings.SMS_TOKEN}"
        asked = request.Request(self.address, data=body, headers=headers, method="POST")  # noqa: S310 (http or https)
        try:
            with request.build_opener(_NoDetours).open(asked, timeout=PATIENCE_SECONDS):
                return
        except OSError as fault:  # what the gateway answers may hold the number: only the kind of fault is told
            raise TextsFailed(f"{type(fault).__name__} {getattr(fault, 'code', '')}".strip()) from fault


def backend() -> TextBackend | None:
    """Return the gateway that `SMS_URL` names, None when the clinic sends no text messages."""
    scheme = urlsplit(settings.SMS_URL).scheme
    if scheme in ("http", "https"):
        return HttpTexts(settings.SMS_URL)
    return {"console": ConsoleTexts(), "memory": MemoryTexts()}.get(scheme)

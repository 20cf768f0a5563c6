"""The embedded way to run: one machine, no servers, a SQLite file and a key kept beside it."""

import secrets

from .base import *  # noqa: F403
from .base import DATA_DIR, SECRET_KEY

if not SECRET_KEY:
    key_file = DATA_DIR / "secret-key"
    try:
        with key_file.open("x") as file:
            key_file.chmod(0o600)
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    SECRET_KEY = key_file.read_text()

"""Settings of the test run: quick passwords, mail in memory; databases and brokers are real."""

import os
import tempfile

# Before the shared settings read them: a data folder away from yours, and one for each of several test processes. Theirs
# lie in the first one's, which removes it: they end without cleaning up.
_worker = os.environ.get("PYTEST_XDIST_WORKER")
if "MESOCLINIC_DATA_DIR" not in os.environ:
    _folder = tempfile.TemporaryDirectory(prefix="mesoclinic-test-", ignore_cleanup_errors=True)
    os.environ["MESOCLINIC_DATA_DIR"] = _folder.name
if _worker:
    os.environ["MESOCLINIC_DATA_DIR"] += f"/{_worker}"
if _worker and "TEST_REDIS_URLS" in os.environ:
    _pair = 2 * (1 + int(_worker.removeprefix("gw")))
    os.environ["REDIS_URL"], os.environ["REDIS_CACHE_URL"] = os.environ["TEST_REDIS_URLS"].split()[_pair : _pair + 2]

from .base import *  # noqa: E402, F403
from .base import DATA_DIR, DATABASES  # noqa: E402

SECRET_KEY = "only-for-tests-" + "x" * 50
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["*"]
SITE_ADDRESS = "http://testserver"
if "sqlite" in DATABASES["default"]["ENGINE"]:
    # A file, not memory: memory has no WAL and no second process.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    options = DATABASES["default"]["OPTIONS"]
    options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")

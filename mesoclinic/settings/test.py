"""Settings of the test run: quick passwords, mail in memory; databases and brokers are real."""

from .base import *  # noqa: F403
from .base import DATA_DIR, DATABASES

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

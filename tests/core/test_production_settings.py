"""What production must send: cookies over HTTPS only, out of reach of scripts, and nothing in the clear."""

import json
import os
import subprocess
import sys

PRINT = """
import json
from django.conf import settings
names = ["SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SECURE",
         "CSRF_COOKIE_SAMESITE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "DEBUG", "EMAIL_BACKEND", "EMAIL_FILE_PATH",
         "PASSWORD_HASHERS"]
print(json.dumps({name: getattr(settings, name) for name in names}))
"""


def settings_in_production(folder, **more):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "mesoclinic.settings.prod",
        "SECRET_KEY": "".join(chr(ord("A") + number % 58) for number in range(60)),
        "MESOCLINIC_DATA_DIR": str(folder),
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "ALLOWED_HOSTS": "clinic.example",
        "SITE_ADDRESS": "https://clinic.example",
        **more,
    }
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run([sys.executable, "-c", PRINT], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_message_without_a_mail_server_is_a_file_and_no_line_of_a_log(tmp_path):
    folder = tmp_path / "a clinic"
    folder.mkdir()

    kept = settings_in_production(folder)

    assert kept["EMAIL_BACKEND"].endswith(".filebased.EmailBackend")
    assert kept["EMAIL_FILE_PATH"] == str(folder / "mail")


def test_production_keeps_its_cookies_to_https_and_from_scripts(tmp_path):
    kept = settings_in_production(tmp_path, EMAIL_URL="smtp+tls://a:b@mail.example:587")

    assert kept.pop("SECURE_HSTS_SECONDS") >= 31_536_000
    assert kept.pop("EMAIL_BACKEND").endswith(".smtp.EmailBackend")
    kept.pop("EMAIL_FILE_PATH")
    assert kept.pop("PASSWORD_HASHERS")[0].endswith(".Argon2PasswordHasher")
    assert kept == {
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_SECURE": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "SECURE_SSL_REDIRECT": True,
        "DEBUG": False,
    }

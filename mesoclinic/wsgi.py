"""The door for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesoclinic.settings.dev")
application = get_wsgi_application()

from mesoclinic.core.checks import refuse_harmful_settings  # noqa: E402 - there are no settings before

refuse_harmful_settings()  # gunicorn runs no system checks

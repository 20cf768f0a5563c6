"""What the processes of a race have in common, read once: they are forked from a process that imported this.

Nothing here may ask the database: a connection must not be shared.
"""

import json
import os

import django

ENVIRONMENT = "RACE_ENVIRONMENT"

if ENVIRONMENT in os.environ:
    environment = json.loads(os.environ[ENVIRONMENT])
    os.environ.clear()
    os.environ.update(environment)
    django.setup()

    from mesoclinic import urls  # noqa: F401
    from tests.races import racers

    racers.ways()

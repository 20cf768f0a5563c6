#!/usr/bin/env python
"""Mesoclinic's command line."""

import os
import sys

EXIT_BAD_INPUT = 2


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesoclinic.settings.dev")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ModuleNotFoundError as error:
        settings = os.environ["DJANGO_SETTINGS_MODULE"]  # as --settings said, if it was given
        if not f"{settings}.".startswith(f"{error.name}."):
            raise
        sys.stderr.write(f"There are no settings {settings!a}: say for example mesoclinic.settings.dev\n")
        sys.exit(EXIT_BAD_INPUT)


if __name__ == "__main__":
    main()

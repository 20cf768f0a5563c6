from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "mesoclinic.core"
    label = "core"
    verbose_name = "Clinic foundations"

    def ready(self) -> None:
        from mesoclinic.core import checks, lookups  # noqa: F401 - registers them

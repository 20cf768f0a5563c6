from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "mesoclinic.core"
    label = "core"
    verbose_name = "Clinic foundations"

    def ready(self) -> None:
        from mesoclinic.core import checks  # noqa: F401 - registers them

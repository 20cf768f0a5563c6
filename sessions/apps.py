from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "treatment_sessions"
    verbose_name = "Treatment sessions"

    def ready(self):
        from sessions.services import moving_files

        moving_files.announce()

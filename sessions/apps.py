from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "treatment_sessions"
    verbose_name = "Treatment sessions"

    def ready(self):
        from sessions.queries import consents, due_work, lot_draws, reactions  # models are ready only now
        from sessions.services import moving_files

        consents.announce()
        due_work.announce()
        lot_draws.announce()
        moving_files.announce()
        reactions.announce()

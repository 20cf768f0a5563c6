from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "patients"
    label = "patients"
    verbose_name = "Patients"

    def ready(self):
        from mesoclinic.core.services import clinics  # models are ready only now
        from patients.queries import due_imports
        from patients.services.shipped_texts import load_consent_texts

        clinics.STARTERS.append(lambda clinic: load_consent_texts(clinic=clinic))
        due_imports.announce()

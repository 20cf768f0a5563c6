from django.apps import AppConfig


class ProtocolsConfig(AppConfig):
    name = "protocols"
    label = "protocols"
    verbose_name = "Protocols"

    def ready(self):
        from mesoclinic.core.services import clinics  # models are ready only now
        from protocols.services.catalogue import load_catalogue

        clinics.STARTERS.append(lambda clinic: load_catalogue(clinic=clinic))

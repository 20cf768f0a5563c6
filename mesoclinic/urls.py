"""Every address of the product."""

from django.urls import include, path

from mesoclinic.core.views import health, icons, language

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("favicon.ico", icons.favicon, name="favicon"),
    path("language/", language.set_language, name="set_language"),
    path("accounts/", include("allauth.urls")),
    path("", include("sessions.urls")),
    path("patients/", include("patients.urls")),
    path("protocols/", include("protocols.urls")),
    path("", include("mesoclinic.core.urls")),
]

"""The addresses of the core: settings and, while developing, the style guide."""

from django.conf import settings
from django.urls import path

from mesoclinic.core.views import styleguide

app_name = "core"

urlpatterns: list = []

if settings.DEBUG:
    urlpatterns += [path("styleguide/", styleguide.styleguide, name="styleguide")]

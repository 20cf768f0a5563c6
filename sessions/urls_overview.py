"""The addresses of the manager's overview."""

from django.urls import path

from sessions.views import overview

urlpatterns = [
    path("reports/overview/", overview.overview, name="overview"),
    path("reports/overview.pdf", overview.overview_pdf, name="overview-pdf"),
    path("reports/overview/list/", overview.overview_list, name="overview-list"),
    path("reports/overview/<slug:part>/", overview.overview, name="overview-part"),
]

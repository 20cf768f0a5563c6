from django.urls import path

from protocols.views import cadences

app_name = "protocols"

urlpatterns = [
    # Series
    path("series/rows/", cadences.cadence_rows, name="cadence-rows"),
]

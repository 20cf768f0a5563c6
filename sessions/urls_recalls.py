"""The addresses of recalls: find a lot, recall it, tell the people."""

from django.urls import path

from sessions.views import recalls

urlpatterns = [
    path("recalls/", recalls.recalls, name="recalls"),
    path("recalls/begin/", recalls.begin_recall, name="begin-recall"),
    path("recalls/<uuid:public_id>/", recalls.recall, name="recall"),
    path("recalls/<uuid:public_id>/notice/", recalls.note_notice, name="recall-notice"),
    path("recalls/<uuid:public_id>/letters.pdf", recalls.letters, name="recall-letters"),
    path("recalls/<uuid:public_id>/list.xlsx", recalls.export_list, name="recall-list"),
    path("recalls/<uuid:public_id>/take-back/", recalls.take_back, name="take-back-recall"),
]

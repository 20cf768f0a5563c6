"""The addresses of the core: settings and, while developing, the style guide."""

from django.conf import settings as django_settings
from django.urls import path

from mesoclinic.core.views import account, settings, styleguide, users

app_name = "core"

urlpatterns: list = [
    path("account/", account.account, name="account"),
    path("account/passkey/", account.ask_passkey, name="ask-passkey"),
    path("settings/", settings.settings, name="settings"),
    path("settings/clinic/", settings.clinic, name="clinic"),
    path("settings/tolerances/", settings.tolerances, name="tolerances"),
    path("settings/sites/new/", settings.create_site, name="create-site"),
    path("settings/sites/<uuid:public_id>/", settings.edit_site, name="edit-site"),
    path("settings/sites/<uuid:public_id>/switch/", settings.switch_site, name="switch-site"),
    path("settings/users/", users.users, name="users"),
    path("settings/users/new/", users.create_user, name="create-user"),
    path("settings/users/<uuid:public_id>/", users.edit_user, name="edit-user"),
    path("settings/users/<uuid:public_id>/deactivate/", users.deactivate_user, name="deactivate-user"),
    path("settings/users/<uuid:public_id>/reactivate/", users.reactivate_user, name="reactivate-user"),
    path("settings/users/<uuid:public_id>/reset-password/", users.reset_password, name="reset-password"),
]

if django_settings.DEBUG:
    urlpatterns += [path("styleguide/", styleguide.styleguide, name="styleguide")]

"""How allauth behaves here: nobody signs themselves up; an admin makes users."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend as AllauthBackend
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

MISMATCH = _("User name and password do not match. Check both and try again.")


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": MISMATCH,
        "email_password_mismatch": MISMATCH,
        "too_many_login_attempts": _("Too many tries. Wait five minutes and try again."),
    }

    def is_open_for_signup(self, request) -> bool:
        return False


class AuthenticationBackend(AllauthBackend):
    """Signs in by user name or e-mail, and reads a user together with the clinic: one SQL statement a request."""

    def get_user(self, user_id):
        found = list(
            get_user_model().objects.select_related("clinic").filter(pk=user_id).order_by()
        )  # an order is hashed
        user = found[0] if found else None
        return user if user and self.user_can_authenticate(user) else None

    def has_perm(self, user_obj, perm, obj=None) -> bool:
        """Say no: rights come from the table in `roles.py` alone, and Django's own need not be read for every page."""
        return False

    def has_module_perms(self, user_obj, app_label) -> bool:
        return False

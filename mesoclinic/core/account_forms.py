"""The forms of signing in and of passwords in this product's words."""

from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from django.utils.translation import gettext_lazy as _

from mesoclinic.core.forms import make_careful


class LoginForm(AllauthLoginForm):
    """Asks for the user name or e-mail address; the link for a forgotten password stands below the button."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("User name or e-mail")
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
            make_careful(field)


class ChangePasswordForm(AllauthChangePasswordForm):
    """Asks for the password in use and twice for the new one."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        labels = {
            "oldpassword": _("Password now"),
            "password1": _("New password"),
            "password2": _("New password once more"),
        }
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs.pop("placeholder", None)
            make_careful(self.fields[name])


class ResetPasswordForm(AllauthResetPasswordForm):
    """Asks where the link for a forgotten password shall go."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        self.fields["email"].widget.attrs.pop("placeholder", None)
        make_careful(self.fields["email"])

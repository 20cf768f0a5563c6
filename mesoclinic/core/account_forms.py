"""The sign-in form in this product's words."""

from allauth.account.forms import LoginForm as AllauthLoginForm
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

"""What somebody typed into a form that waits to be sent once more."""

from django.http import HttpRequest

from mesoclinic.core.identity_forms import PROOFS

NOT_SENT_AGAIN = {"csrfmiddlewaretoken", *PROOFS}


def typed_words(request: HttpRequest) -> list[tuple[str, str]]:
    """Give names and values of a form as it was sent, for `core/_typed.html`; proofs of identity and its token left out."""
    found = [(name, value) for name, values in request.POST.lists() for value in values]
    return [(name, value) for name, value in found if name not in NOT_SENT_AGAIN and "password" not in name]

"""What the tests of every URL share: they ask for pages by the thousand."""

import django.test.client
import pytest


@pytest.fixture(autouse=True, scope="module")
def _no_context_is_kept():
    """Django's test browser copies the context of every template it renders; nothing here asks for one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(django.test.client, "store_rendered_templates", lambda *_what, **_more: None)
        yield

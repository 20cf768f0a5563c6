"""Links in mails lead to the address `manage.py run` listens on, whichever port was free."""

import pytest

from mesoclinic.core.management.commands import run


@pytest.mark.parametrize(
    ("bind", "named", "given", "led_to"),
    [
        ("127.0.0.1:0", "http://127.0.0.1:{port}", None, "http://127.0.0.1:{port}"),
        ("0.0.0.0:0", "http://127.0.0.1:{port}", None, "http://127.0.0.1:{port}"),
        ("127.0.0.1:0", "http://127.0.0.1:{port}", "https://clinic.example", "https://clinic.example"),
    ],
)
def test_links_lead_where_the_pages_are_unless_another_address_is_given(bind, named, given, led_to, monkeypatch):
    started = []
    monkeypatch.setattr(run.subprocess, "Popen", lambda command, *, env, **options: started.append(env))
    monkeypatch.delenv("SITE_ADDRESS", raising=False)
    if given:
        monkeypatch.setenv("SITE_ADDRESS", given)

    with run.listen(bind, any_port=False) as listener:
        host, port = listener.getsockname()[:2]
        run.start(listener, 1)

    assert run.address_of(host, port) == named.format(port=port)
    assert {env["SITE_ADDRESS"] for env in started} == {led_to.format(port=port)}
    assert len(started) == 3

"""The mail server as one URL, and what a slip in it is answered with."""

import pytest
from pydantic import ValidationError

from services.notify.adapters.smtp import MailServer
from services.notify.settings import NotifySettings


def server(url: str) -> MailServer:
    found = NotifySettings.model_validate({"smtp_url": url}).mail_server()
    assert found is not None
    return found


def test_without_a_url_e_mail_is_off() -> None:
    assert NotifySettings().mail_server() is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", MailServer("mail.example", 25)),
        ("smtp://mail.example:587?starttls=required", MailServer("mail.example", 587, start_tls=True)),
        ("smtp://mail.example?starttls=never", MailServer("mail.example", 25, start_tls=False)),
        ("smtps://u:p%40ss@mail.example", MailServer("mail.example", 465, "u", "p@ss", True, False)),
        ("smtp://u:p@mail.example:587", MailServer("mail.example", 587, "u", "p", start_tls=True)),
        ("smtp://u:p@127.0.0.1", MailServer("127.0.0.1", 25, "u", "p")),
    ],
)
def test_a_password_leaves_the_machine_by_tls_alone_unless_told_otherwise(url: str, expected: MailServer) -> None:
    assert server(url) == expected
    assert "p@ss" not in repr(server(url))


@pytest.mark.parametrize(
    "url", ["http://mail.example", "smtp://", "mail.example", "smtp://h?starttls=maybe", "smtp://h?x=1"]
)
def test_a_slip_stops_the_start(url: str) -> None:
    with pytest.raises(ValidationError, match="SMTP_URL: smtp://"):
        NotifySettings.model_validate({"smtp_url": url})


@pytest.mark.parametrize(
    "change", [{"time_zone": "Mars"}, {"webhook_private_networks": ["10.0.0.1/8"]}, {"mail_from": "nobody"}]
)
def test_other_slips_too(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NotifySettings.model_validate(change)

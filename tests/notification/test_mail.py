"""How TOCSIN_SMTP_URL is understood."""

import pytest

from services.notification.mail import MailServer, mail_server
from shared.process import CannotStart


@pytest.mark.parametrize(
    ("url", "server"),
    [
        (
            "smtp://mail.example.com",
            MailServer("mail.example.com", 25, None, None, False, None, "tocsin@mail.example.com"),
        ),
        (
            "smtp://me:p%40ss@mail.example.com?from=ops@example.com",
            MailServer("mail.example.com", 587, "me", "p@ss", False, True, "ops@example.com"),
        ),
        (
            "smtps://me:pass@mail.example.com",
            MailServer(
                "mail.example.com", 465, "me", "pass", True, False, "tocsin@mail.example.com"
            ),
        ),
        (
            "smtp://127.0.0.1:8025?starttls=never&from=a@b.c",
            MailServer("127.0.0.1", 8025, None, None, False, False, "a@b.c"),
        ),
        (
            "smtp://mail.example.com?starttls=required",
            MailServer("mail.example.com", 25, None, None, False, True, "tocsin@mail.example.com"),
        ),
    ],
)
def test_a_password_is_never_sent_in_clear_unless_asked_to(url: str, server: MailServer) -> None:
    assert mail_server(url) == server


@pytest.mark.parametrize(
    "url", ["", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://me:secret@"]
)
def test_what_is_no_mail_server_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(CannotStart, match="TOCSIN_SMTP_URL must look like") as refused:
        mail_server(url)
    assert "secret" not in str(refused.value)

"""How TOCSIN_SMTP_URL is understood; no title of an incident becomes a header of its own."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.mail import MailServer, mail, mail_server
from services.notification.template import line
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


HEADERS = (
    "From To Subject Date Message-ID Auto-Submitted X-Tocsin-Notification Content-Type "
    "Content-Transfer-Encoding MIME-Version"
).split()


def _received(subject: str) -> EmailMessage:
    id, at = UUID(int=1), datetime(2026, 11, 22, 10, 4, tzinfo=UTC)
    sent = mail(id, sender="t@example.com", to="ada@example.com", subject=subject, text="x", at=at)
    found = message_from_bytes(sent.as_bytes(policy=policy.SMTP), policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def _seen(text: str) -> str:
    """Without what nobody sees, and how it is broken into lines."""
    return "".join(text.replace("\u200b", "").split())


@pytest.mark.parametrize(
    "title",
    [
        "=?utf-8?q?=0D=0ABcc:=20eve=40example.com?=",
        "Slow =?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLmNvbQ==?= today",
        "=?utf-8?q?=0D=0A=0D=0AAnother_text?=",
        "=?utf-8?q?=E2=80=AEgpj.exe?=",
        "==?utf-8?q?=0D=0ABcc:=20eve=40example.com?==",
    ],
)
def test_what_looks_like_an_encoded_word_is_not_decoded(title: str) -> None:
    found = _received(line("[{{number}}] {{title}}", {"number": "INC-7", "title": title}))
    assert found.keys() == HEADERS
    assert _seen(found["Subject"]) == _seen(f"[INC-7] {title}")
    assert found.get_content().strip() == "x"


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("=?_ \r\n:"), max_size=60))
def test_any_title_is_one_header_and_reads_as_it_was_written(title: str) -> None:
    subject = line("{{title}}", {"title": title})
    found = _received(subject)
    assert found.keys() == HEADERS
    assert _seen(found["Subject"]) == _seen(subject)

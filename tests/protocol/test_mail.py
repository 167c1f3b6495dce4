"""Mail as text (RFC 5322): whatever a value holds, it adds no header and no recipient."""

from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.protocol.mail import Letter, compose, is_address, sender_address

HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "Content-Type",
    "Content-Transfer-Encoding", "MIME-Version",
]  # fmt: skip
SENDER = sender_address("", "Sekisho", "https://id.example.jp")
HOSTILE = st.text() | st.sampled_from(
    ["\r\nBcc: x@example.jp", "\nBcc: x", "a\x00b", "=?utf-8?q?a?=", "\u2028b: c", ".\r\n"]
)


def composed(subject: str = "s", text: str = "t", to: str = "hana@example.jp") -> bytes:
    return compose(Letter(subject, text), sender=SENDER, to=to, language="en", message_id="1", now=1_795_000_000)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_value_becomes_a_header(before: str, hostile: str, after: str):
    """In a subject it is one line of it; in a text it stays text."""
    value = (before + hostile + after).encode("utf-8", "replace").decode()
    for message in (composed(subject=value), composed(text=value)):
        mail = message_from_bytes(message, policy=policy.default)
        assert sorted(mail.keys()) == sorted(HEADERS)


@given(HOSTILE, HOSTILE)
def test_no_value_becomes_a_second_recipient(before: str, after: str):
    """What is not one plain address is refused."""
    for to in (f"hana@example.jp{after}", f"{before}hana@example.jp", before + after):
        if is_address(to):
            mail = message_from_bytes(composed(to=to), policy=policy.default)
            assert [address.addr_spec for address in mail["To"].addresses] == [to]
        else:
            with pytest.raises(ValueError, match="one address"):
                composed(to=to)


@pytest.mark.parametrize(
    "address", ["hana@example.jp", "hana.sato+shop@mail.example.co.jp", "o'neil@x.example", "a@localhost"]
)
def test_people_have_such_addresses(address: str):
    """RFC 5321 4.1.2, without quotes."""
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hana",
        "@example.jp",
        "hana@",
        "a@b@c",
        "a b@c.example",
        '"a b"@c.example',
        "a@[127.0.0.1]",
        "a..b@c.example",
        ".a@c.example",
        "a@-c.example",
        "a@c.example,b@c.example",
        "a@c.example\n",
        "<a@c.example>",
        "ａ@c.example",
        f"{'a' * 65}@c.example",
        f"a@{'c' * 64}.example",
        f"a@{'c.' * 126}example",
    ],
)
def test_nobody_has_such_addresses(address: str):
    """Or nobody who could not have another one."""
    assert not is_address(address)


@given(st.text(max_size=400))
def test_any_line_of_text_comes_out_as_it_went_in(text: str):
    """Every script, every length of line; line ends are those of mail."""
    line = " ".join(text.split())
    line = line.encode("utf-8", "ignore").decode()
    mail = message_from_bytes(composed(text=f"{line}\n"), policy=policy.default)
    assert mail.get_content().strip() == line.strip()
    assert all(len(part) <= 998 for part in composed(text=line).split(b"\r\n"))

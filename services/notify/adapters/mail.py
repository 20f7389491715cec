"""E-mails: text and HTML in the reader's language, from message catalogue and templates."""

import email.policy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.kit.messages import Catalogue
from services.notify.adapters.preferences import Person
from services.notify.domain.preferences import Email

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
    autoescape=select_autoescape(["html.j2"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_API = "/api/v1"
_MOST_ITEMS = 50
_LONGEST_SUBJECT = 120


@dataclass(frozen=True)
class Item:
    """One notification in a mail; `link` is a resource of the API."""

    kind: str
    title: str
    text: str
    link: str
    at: datetime


@dataclass(frozen=True)
class MailRoom:
    """Writes mails. `public_url` is where people reach the hall."""

    catalogue: Catalogue
    sender: str
    public_url: str

    def mail(
        self, delivery_id: UUID, person: Person, items: Sequence[Item], *, cadence: Email, token: str, now: datetime
    ) -> EmailMessage:
        """Raises ValueError for an address that cannot be written to."""
        unsubscribe_url = f"{self.public_url}{_API}/notification-preferences/unsubscribe/{token}"
        words = self._words(person, items, cadence) | {"unsubscribe_url": unsubscribe_url}
        message = EmailMessage(policy=email.policy.SMTP.clone(cte_type="7bit"))
        message["From"] = self.sender
        message["To"] = _address(person)
        message["Subject"] = words["subject"]
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{delivery_id}@{parseaddr(self.sender)[1].rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(TEMPLATES.get_template("mail.txt.j2").render(words))
        message.add_alternative(TEMPLATES.get_template("mail.html.j2").render(words), subtype="html")
        message["Content-Language"] = person.preferences.language  # last: bodies take such headers for their own
        return message

    def _words(self, person: Person, items: Sequence[Item], cadence: Email) -> dict[str, Any]:
        language = person.preferences.language
        shown = items[:_MOST_ITEMS]
        heading = self._heading(items, cadence, language)
        return {
            "language": language,
            "subject": _one_line(heading)[:_LONGEST_SUBJECT],
            "heading": heading if cadence is not Email.NOW or len(items) > 1 else "",
            "greeting": self._say("greeting", language, name=person.name or ""),
            "items": [self._item(item, person) for item in shown],
            "more": self._say("more", language, count=len(items) - len(shown)) if len(items) > len(shown) else "",
            "hall_url": f"{self.public_url}/{language}/notifications",
            "open_hall": self._say("open", language),
            "why": self._say("why", language),
            "unsubscribe": self._say("unsubscribe", language),
            "colon": self._say("colon", language),
        }

    def _heading(self, items: Sequence[Item], cadence: Email, language: str) -> str:
        if cadence is not Email.NOW:
            return self._say(cadence, language, count=len(items))
        return items[0].title if len(items) == 1 else self._say("several", language, count=len(items))

    def _item(self, item: Item, person: Person) -> Mapping[str, Any]:
        language, local = person.preferences.language, item.at.astimezone(person.preferences.zone)
        when = self._say(
            "when",
            language,
            year=local.year,
            month=local.month,
            day=local.day,
            clock=f"{local:%H:%M}",
            zone=person.preferences.time_zone,
        )
        # Resources have their pages under the names that the API gives them.
        url = f"{self.public_url}/{language}{item.link.removeprefix(_API)}"
        return {"title": item.title, "text": item.text, "url": url, "at": local, "when": when}

    def _say(self, key: str, language: str, **params: Any) -> str:
        return self.catalogue.text(f"mail.{key}", language, **params)


def _address(person: Person) -> Address:
    local, _, domain = (person.email or "").rpartition("@")
    if not local or not domain:
        raise ValueError("no address")
    return Address(display_name=_one_line(person.name or ""), username=local, domain=domain)


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[\x00-\x1f\x7f]", " ", text)).strip()

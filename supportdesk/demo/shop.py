"""Opens the demo's shop: its name, articles, customers, orders and canned replies. What is there already stays."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from conversations.models import Article, Customer, DeskSettings, Order
from handoff.models import CannedReply

FOLDER = Path(__file__).parent

Content = dict[str, Any]


def read(name: str) -> Content:
    return tomllib.loads((FOLDER / name).read_text())


def open_shop(shop: Content, now: datetime) -> None:
    name_desk(shop)
    for path in sorted((FOLDER / "articles").glob("*.md")):
        title, _, body = path.read_text().partition("\n")
        Article.objects.get_or_create(
            slug=path.stem, defaults={"title": title.removeprefix("# "), "body": body.strip()}
        )
    for customer in shop["customers"]:
        welcome(customer)
        for order in customer["orders"]:
            place(order, customer["email"], now)
    for reply in shop["canned"]:
        CannedReply.objects.get_or_create(
            shortcut=reply["shortcut"], defaults={"title": reply["title"], "body": reply["body"]}
        )


def name_desk(shop: Content) -> None:
    """Gives the desk the shop's name, unless somebody gave it another."""
    desk = DeskSettings.current()
    if desk.name == DeskSettings._meta.get_field("name").default:
        desk.name, desk.greeting = shop["name"], shop["greeting"].strip()
        desk.save()


def welcome(customer: Content) -> None:
    Customer.objects.get_or_create(
        external_id=customer["email"],
        defaults={
            "name": customer["name"],
            "email": customer["email"],
            "tier": customer.get("tier", Customer.Tier.STANDARD),
            "verified": True,
            "email_verified": True,
        },
    )


def place(order: Content, email: str, now: datetime) -> None:
    """`placed` and `expected` are days from today, so that the demo never grows old before it begins."""
    sent = order["status"] in (Order.Status.SHIPPED, Order.Status.DELIVERED)
    Order.objects.get_or_create(
        number=order["number"],
        defaults={
            "email": email,
            "status": order["status"],
            "items": order["items"],
            "total": order["total"],
            "placed_at": now + timedelta(days=order["placed"], hours=-2),
            "expected_on": (now + timedelta(days=order["expected"])).date() if "expected" in order else None,
            "tracking": f"PB{order['number'][3:]}7EX" if sent else "",
        },
    )

"""Hires the demo's staff, with passwords nobody has seen before, kept in the data folder for whoever tries the desk."""

import os
import secrets
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User

from handoff.models import Agent
from supportdesk.roles import AGENTS, MANAGERS

from .shop import Content

SIGN_INS = settings.DATA / "sign-ins.txt"
GROUPS = {"agent": AGENTS, "manager": MANAGERS}


def hire(people: list[Content]) -> None:
    """Makes an account for everybody who has none, and keeps its password in SIGN_INS."""
    known = set(User.objects.values_list("username", flat=True))
    new = [person for person in people if person["username"] not in known]
    passwords = [secrets.token_urlsafe(9) for _ in new]
    with ThreadPoolExecutor() as threads:  # hashing is slow on purpose, and needs no lock
        hashes = list(threads.map(make_password, passwords))
    for person, password_hash in zip(new, hashes, strict=True):
        _employ(person, password_hash)
    _keep(
        {
            person["username"]: f"{person['role']}\t{person['username']}\t{password}"
            for person, password in zip(new, passwords, strict=True)
        }
    )


def _employ(person: Content, password_hash: str) -> None:
    first, _, last = person["name"].partition(" ")
    admin = person["role"] == "admin"
    user = User.objects.create(
        username=person["username"],
        password=password_hash,
        email=f"{person['username']}@example.com",
        first_name=first,
        last_name=last,
        is_staff=admin,
        is_superuser=admin,
    )
    if group := GROUPS.get(person["role"]):
        user.groups.add(Group.objects.get(name=group))
    if person["role"] == "agent":
        Agent.objects.create(user=user, name=first)


def _keep(lines: dict[str, str]) -> None:
    """One line each: role, user name, password. Only the owner of the desk may read them."""
    if SIGN_INS.exists():
        lines = {line.split("\t")[1]: line for line in SIGN_INS.read_text().splitlines() if "\t" in line} | lines
    with os.fdopen(os.open(SIGN_INS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{line}\n" for line in lines.values())

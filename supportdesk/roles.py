"""The groups that every desk has: who answers customers, and who sees the figures."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as all_apps
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

AGENTS, MANAGERS = "Agents", "Managers"
RIGHTS = {AGENTS: ["answer"], MANAGERS: ["measure"]}


def make_groups(sender: AppConfig, using: str, apps: Apps = all_apps, **kwargs: Any) -> None:
    """Makes what is missing after a migration. A group that exists is an admin's to change, and stays as it is."""
    try:
        apps.get_model("auth", "Group")
    except LookupError:  # only some apps were migrated, and auth's tables are not there yet
        return
    create_permissions(sender, verbosity=0, using=using, apps=apps)  # this may be called before auth's own call of it
    for name, rights in RIGHTS.items():
        group, new = Group.objects.using(using).get_or_create(name=name)
        if new:
            mine = Permission.objects.using(using).filter(content_type__app_label=sender.label, codename__in=rights)
            group.permissions.set(mine)

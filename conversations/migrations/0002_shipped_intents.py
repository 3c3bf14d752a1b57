"""What a desk needs on an empty database: its settings, and the seven intents with their examples."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from conversations.assistant import shipped


def install(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("conversations", "DeskSettings").objects.get_or_create(pk=1)
    shipped.install(apps.get_model("conversations", "Intent"), apps.get_model("conversations", "Example"))


class Migration(migrations.Migration):
    dependencies = [("conversations", "0001_initial")]

    # Backwards nothing: the rows are the admin's by then.
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]

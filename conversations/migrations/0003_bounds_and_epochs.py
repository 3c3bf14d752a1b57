"""Settings get bounds; what an older desk keeps beyond them is set to the bound first."""

import django.core.validators
from django.db import migrations, models

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from conversations.models import desk


def bring_within(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    desk.bring_within(apps.get_model("conversations", "DeskSettings"))


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0002_shipped_intents'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='apitoken',
            options={'verbose_name': 'API token'},
        ),
        migrations.AlterModelOptions(
            name='turnrecord',
            options={'ordering': ['conversation', 'seq', 'epoch']},
        ),
        migrations.RemoveConstraint(
            model_name='turnrecord',
            name='turn_settled_once',
        ),
        migrations.AddField(
            model_name='customer',
            name='email_verified',
            field=models.BooleanField(default=False, help_text="The e-mail address comes from staff or the site's server, not from herself."),
        ),
        migrations.AddField(
            model_name='turnrecord',
            name='epoch',
            field=models.PositiveIntegerField(default=0, help_text='Another one where an agent handed the same message back.'),
        ),
        migrations.AlterField(
            model_name='desksettings',
            name='idle_after_minutes',
            field=models.PositiveIntegerField(default=30, help_text="Silence on the customer's side before the reminder, and again before closing.", validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(525600)], verbose_name='idle after (minutes)'),
        ),
        migrations.AlterField(
            model_name='desksettings',
            name='max_age_hours',
            field=models.PositiveIntegerField(default=24, help_text='After this a conversation is closed; one that waits for a person is marked overdue instead.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(8760)], verbose_name='longest conversation (hours)'),
        ),
        migrations.AlterField(
            model_name='desksettings',
            name='reopen_within_hours',
            field=models.PositiveIntegerField(default=72, help_text='How long after closing the customer may continue it.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(8760)], verbose_name='may be reopened for (hours)'),
        ),
        migrations.RunPython(bring_within, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='desksettings',
            constraint=models.CheckConstraint(condition=models.Q(('idle_after_minutes__gte', 1), ('idle_after_minutes__lte', 525600)), name='desk_settings_idle_after_minutes'),
        ),
        migrations.AddConstraint(
            model_name='desksettings',
            constraint=models.CheckConstraint(condition=models.Q(('max_age_hours__gte', 1), ('max_age_hours__lte', 8760)), name='desk_settings_max_age_hours'),
        ),
        migrations.AddConstraint(
            model_name='desksettings',
            constraint=models.CheckConstraint(condition=models.Q(('reopen_within_hours__gte', 0), ('reopen_within_hours__lte', 8760)), name='desk_settings_reopen_within_hours'),
        ),
        migrations.AddConstraint(
            model_name='turnrecord',
            constraint=models.UniqueConstraint(fields=('conversation', 'seq', 'epoch'), name='turn_settled_once'),
        ),
    ]

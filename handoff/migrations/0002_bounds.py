"""Settings get bounds; what an older desk keeps beyond them is set to the bound first."""

import django.core.validators
from django.db import migrations, models

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from conversations.models import desk


def bring_within(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    desk.bring_within(apps.get_model("handoff", "HandoffSettings"))


class Migration(migrations.Migration):

    dependencies = [
        ('handoff', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='handoffsettings',
            name='absent_after_minutes',
            field=models.PositiveIntegerField(default=5, help_text='An agent not seen for so long loses a conversation whose customer waits for her words as long.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)]),
        ),
        migrations.AlterField(
            model_name='handoffsettings',
            name='ageing_minutes',
            field=models.PositiveIntegerField(default=10, help_text='One step nearer to 1 for each such wait in the queue.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)]),
        ),
        migrations.AlterField(
            model_name='handoffsettings',
            name='billing_bonus',
            field=models.PositiveIntegerField(default=1, help_text='Steps nearer to 1 for a billing question.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.AlterField(
            model_name='handoffsettings',
            name='complexity',
            field=models.PositiveIntegerField(default=8, help_text='A complexity score (0 to 10) above this calls a person.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.AlterField(
            model_name='handoffsettings',
            name='failed_attempts',
            field=models.PositiveIntegerField(default=3, help_text='Consecutive failed attempts before a person takes over.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.AlterField(
            model_name='handoffsettings',
            name='frustrated_messages',
            field=models.PositiveIntegerField(default=2, help_text='Frustrated messages among her last ones that call a person.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.AlterField(
            model_name='handoffsettings',
            name='frustration_window',
            field=models.PositiveIntegerField(default=5, help_text='How many of her last messages are looked at.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.AlterField(
            model_name='handoffsettings',
            name='long_after_minutes',
            field=models.PositiveIntegerField(default=15, help_text='A conversation older than this is long.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1440)]),
        ),
        migrations.AlterField(
            model_name='handoffsettings',
            name='long_bonus',
            field=models.PositiveIntegerField(default=1, help_text='Steps nearer to 1 for a long conversation.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.AlterField(
            model_name='handoffsettings',
            name='premium_bonus',
            field=models.PositiveIntegerField(default=2, help_text='Steps nearer to 1 for a premium customer.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.RunPython(bring_within, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='handoffsettings',
            constraint=models.CheckConstraint(condition=models.Q(('failed_attempts__gte', 1), ('failed_attempts__lte', 100)), name='handoff_settings_failed_attempts'),
        ),
        migrations.AddConstraint(
            model_name='handoffsettings',
            constraint=models.CheckConstraint(condition=models.Q(('frustrated_messages__gte', 1), ('frustrated_messages__lte', 100)), name='handoff_settings_frustrated_messages'),
        ),
        migrations.AddConstraint(
            model_name='handoffsettings',
            constraint=models.CheckConstraint(condition=models.Q(('frustration_window__gte', 1), ('frustration_window__lte', 100)), name='handoff_settings_frustration_window'),
        ),
        migrations.AddConstraint(
            model_name='handoffsettings',
            constraint=models.CheckConstraint(condition=models.Q(('complexity__gte', 0), ('complexity__lte', 100)), name='handoff_settings_complexity'),
        ),
        migrations.AddConstraint(
            model_name='handoffsettings',
            constraint=models.CheckConstraint(condition=models.Q(('premium_bonus__gte', 0), ('premium_bonus__lte', 100)), name='handoff_settings_premium_bonus'),
        ),
        migrations.AddConstraint(
            model_name='handoffsettings',
            constraint=models.CheckConstraint(condition=models.Q(('billing_bonus__gte', 0), ('billing_bonus__lte', 100)), name='handoff_settings_billing_bonus'),
        ),
        migrations.AddConstraint(
            model_name='handoffsettings',
            constraint=models.CheckConstraint(condition=models.Q(('long_bonus__gte', 0), ('long_bonus__lte', 100)), name='handoff_settings_long_bonus'),
        ),
        migrations.AddConstraint(
            model_name='handoffsettings',
            constraint=models.CheckConstraint(condition=models.Q(('long_after_minutes__gte', 0), ('long_after_minutes__lte', 1440)), name='handoff_settings_long_after_minutes'),
        ),
        migrations.AddConstraint(
            model_name='handoffsettings',
            constraint=models.CheckConstraint(condition=models.Q(('ageing_minutes__gte', 1), ('ageing_minutes__lte', 1440)), name='handoff_settings_ageing_minutes'),
        ),
        migrations.AddConstraint(
            model_name='handoffsettings',
            constraint=models.CheckConstraint(condition=models.Q(('absent_after_minutes__gte', 1), ('absent_after_minutes__lte', 1440)), name='handoff_settings_absent_after_minutes'),
        ),
    ]

from django.db import migrations

GROUP = 'platform staff'


def into_the_group(apps, schema_editor):
    """Who was staff by the column that goes next stays staff."""
    alias = schema_editor.connection.alias
    user_model, group_model = apps.get_model('tenants', 'User'), apps.get_model('auth', 'Group')
    staff = list(user_model.objects.using(alias).filter(is_staff=True))
    if staff:
        group, _ = group_model.objects.using(alias).get_or_create(name=GROUP)
        for user in staff:
            user.groups.add(group)


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0004_verified_addresses'),
    ]

    operations = [
        migrations.RunPython(into_the_group, migrations.RunPython.noop),
    ]

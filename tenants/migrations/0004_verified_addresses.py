from django.db import migrations


def verify(apps, schema_editor):
    """Until now only whoever runs the installation made accounts, and signing in did not ask for a proven address."""
    user_model, address_model = apps.get_model('tenants', 'User'), apps.get_model('account', 'EmailAddress')
    known = address_model.objects.using(schema_editor.connection.alias).values('user_id')
    for user in user_model.objects.using(schema_editor.connection.alias).exclude(pk__in=known):
        address_model.objects.using(schema_editor.connection.alias).create(
            user_id=user.pk, email=user.email.lower(), verified=True, primary=True
        )


class Migration(migrations.Migration):

    dependencies = [
        ('account', '0009_emailaddress_unique_primary_email'),
        ('tenants', '0003_people_and_audit'),
    ]

    operations = [
        migrations.RunPython(verify, migrations.RunPython.noop),
    ]

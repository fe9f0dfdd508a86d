from django.db import migrations


class Migration(migrations.Migration):
    """Who is platform staff is said by a group, whose rows the application's role may not write; it must write people whole."""

    dependencies = [
        ('tenants', '0005_staff_group'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='user',
            name='is_staff',
        ),
    ]

from django.db import migrations, models

from tenants.rls.operations import NumberRows


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='number',
            field=models.BigIntegerField(null=True),
        ),
        NumberRows('membership', 'member'),
        migrations.AlterField(
            model_name='membership',
            name='number',
            field=models.BigIntegerField(),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('tenant', 'number'), name='tenants_membership_number'),
        ),
    ]

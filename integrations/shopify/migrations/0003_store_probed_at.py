from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("shopify", "0002_connection_whole"),
    ]

    operations = [
        migrations.AddField(model_name="store", name="probed_at", field=models.DateTimeField(null=True)),
    ]

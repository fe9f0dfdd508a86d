from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shopify", "0003_store_probed_at")]

    operations = [
        migrations.AddField(
            model_name="connectionattempt",
            name="kind",
            field=models.CharField(
                choices=[("connect", "Begun here"), ("install", "Begun in Shopify")], default="connect", max_length=10
            ),
        )
    ]

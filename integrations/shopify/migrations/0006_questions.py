from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("shopify", "0005_requests_by_hand"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="ordercontext", name="shopify_ordercontext_once"),
        migrations.RenameField(model_name="ordercontext", old_name="email_norm", new_name="key"),
        migrations.AddField(
            model_name="ordercontext",
            name="kind",
            field=models.CharField(
                choices=[
                    ("email", "By an address"),
                    ("customer", "By Shopify's number of a customer"),
                    ("order", "By the name of an order"),
                    ("phone", "By a telephone number"),
                    ("search", "By an agent's words"),
                    ("lines", "All items, by Shopify's number of an order"),
                ],
                default="email",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="ordercontext",
            constraint=models.UniqueConstraint(
                fields=("tenant", "store", "kind", "key"), name="shopify_ordercontext_once"
            ),
        ),
        migrations.AddField(model_name="store", name="order_prefix", field=models.CharField(blank=True, max_length=20)),
        migrations.AddField(model_name="store", name="order_suffix", field=models.CharField(blank=True, max_length=20)),
    ]

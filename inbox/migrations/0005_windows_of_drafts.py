from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0004_watched_views'),
    ]

    operations = [
        migrations.AddField(
            model_name='replydraft',
            name='turn',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='replydraft',
            name='window',
            field=models.UUIDField(null=True),
        ),
    ]

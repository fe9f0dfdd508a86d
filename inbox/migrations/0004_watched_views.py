import django.db.models.deletion
import django.utils.timezone
import tenants.rls.constraints
import tenants.rls.context
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0003_sidebar_by_hand'),
        ('tenants', '0007_erased_addresses'),
    ]

    operations = [
        migrations.CreateModel(
            name='WatchedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('needs_reply', models.BooleanField(null=True)),
                ('warmed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, default=tenants.rls.context.current_tenant_id, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'constraints': [tenants.rls.constraints.TenantWall(column='tenant_id', name='inbox_watchedview_wall', version=1), tenants.rls.constraints.TenantKey(field='tenant', name='inbox_watchedview_tenant', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='inbox_watchedview_tenant_id'), models.UniqueConstraint(fields=('tenant', 'needs_reply'), name='inbox_watchedview_once', nulls_distinct=False)],
            },
        ),
    ]

import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models

import tenants.rls.constraints
import tenants.rls.context


def _own(to, **options):
    return models.ForeignKey(
        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to=to, **options
    )


def _fields(*further):
    key = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')
    tenant = _own('tenants.tenant', default=tenants.rls.context.current_tenant_id, editable=False, related_name='+')
    return [('id', key), *further, ('tenant', tenant)]


def _constraints(name, *fields):
    return [
        tenants.rls.constraints.TenantWall(column='tenant_id', name=f'{name}_wall', version=1),
        tenants.rls.constraints.TenantKey(field='tenant', name=f'{name}_tenant', version=1),
        models.UniqueConstraint(fields=('tenant', 'id'), name=f'{name}_tenant_id'),
        *(tenants.rls.constraints.SameTenantKey(field=each, name=f'{name}_{each}', version=1) for each in fields),
    ]


def _moved(name, to):
    table = f'inbox_{name.lower()}'
    return migrations.CreateModel(
        name=name,
        fields=_fields(('number', models.BigIntegerField()), ('into', _own(to, related_name='former_numbers'))),
        options={
            'abstract': False,
            'indexes': [models.Index(fields=['tenant', 'into'], name=f'{table}_of')],
            'constraints': [
                *_constraints(table, 'into'),
                models.UniqueConstraint(fields=('tenant', 'number'), name=f'{table}_once'),
            ],
        },
    )


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0010_lists'),
        ('tenants', '0007_erased_addresses'),
    ]

    operations = [
        migrations.AddField(
            model_name='contact',
            name='name_norm',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.text.Lower('name'), output_field=models.TextField(db_collation='C')),
        ),
        migrations.AddField(model_name='contact', name='pictures_at', field=models.DateTimeField(null=True)),
        migrations.AddField(model_name='contactaddress', name='is_main', field=models.BooleanField(default=False, db_default=False)),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['tenant', 'name_norm', 'id'], name='inbox_contact_by_name'),
        ),
        migrations.AddIndex(
            model_name='contactaddress',
            index=models.Index(models.F('tenant'), django.db.models.functions.comparison.Collate('email_norm', 'C'), name='inbox_contactaddress_begins'),
        ),
        migrations.AddConstraint(
            model_name='contactaddress',
            constraint=models.UniqueConstraint(condition=models.Q(('is_main', True)), fields=('tenant', 'contact'), name='inbox_contactaddress_main'),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(fields=['tenant', 'contact', '-last_message_at', '-id'], name='inbox_conversation_of_contact'),
        ),
        migrations.RemoveIndex(model_name='conversation', name='inbox_conversation_contact_i'),
        _moved('MovedContact', 'inbox.contact'),
        _moved('MovedConversation', 'inbox.conversation'),
        migrations.CreateModel(
            name='Separation',
            fields=_fields(('one', _own('inbox.conversation', related_name='+')), ('other', _own('inbox.conversation', related_name='+'))),
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['tenant', 'other'], name='inbox_separation_other_i')],
                'constraints': [
                    *_constraints('inbox_separation', 'one', 'other'),
                    models.UniqueConstraint(fields=('tenant', 'one', 'other'), name='inbox_separation_once'),
                ],
            },
        ),
    ]

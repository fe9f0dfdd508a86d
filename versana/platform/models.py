"""What platform staff see: unmanaged models that list exactly the columns granted to their role (tenants/rls/grants.py)."""

from django.db import models


class Workspace(models.Model):
    slug = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    require_second_factor = models.BooleanField()
    closed_at = models.DateTimeField(null=True)
    erase_after = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "tenants_tenant"

    def __str__(self) -> str:
        return self.slug


class Person(models.Model):
    """Found by id or by the whole address. No password, and none of Django's flags."""

    email = models.CharField(max_length=254)
    email_norm = models.CharField(max_length=254)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField()
    date_joined = models.DateTimeField()
    last_login = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "tenants_user"
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return f"person {self.pk}"


class Member(models.Model):
    """A person's place in a workspace."""

    tenant = models.ForeignKey(Workspace, on_delete=models.DO_NOTHING, related_name="members")
    user = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="memberships")
    role = models.CharField(max_length=16)
    joined_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "tenants_membership"

    def __str__(self) -> str:
        return f"membership {self.pk}"


class Factor(models.Model):
    """That a second factor exists, and of which kind. What it rests on cannot be selected."""

    user = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="factors")
    type = models.CharField(max_length=20)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "mfa_authenticator"

    def __str__(self) -> str:
        return self.type


class ConnectedStore(models.Model):
    tenant = models.ForeignKey(Workspace, on_delete=models.DO_NOTHING, related_name="stores")
    number = models.BigIntegerField()
    shop_domain = models.CharField(max_length=255)
    shop_name = models.CharField(max_length=255)
    state = models.CharField(max_length=20)
    problem = models.CharField(max_length=20)
    problem_since = models.DateTimeField(null=True)
    scopes = models.JSONField()
    connected_at = models.DateTimeField()
    disconnected_at = models.DateTimeField(null=True)
    last_read_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    failure = models.CharField(max_length=40)
    hidden = models.JSONField()
    generation = models.PositiveIntegerField()
    access_expires_at = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField(null=True)
    webhooks_checked_at = models.DateTimeField(null=True)
    webhooks_problem = models.CharField(max_length=40)
    reconciled_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "shopify_store"

    def __str__(self) -> str:
        return self.shop_domain


class Attempt(models.Model):
    """An attempt to connect, found by the reference that its failure page showed."""

    reference = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=[("connect", "Begun here"), ("install", "Begun in Shopify")])
    tenant_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    app_id = models.BigIntegerField(null=True)  # null: the installation's own app
    shop_domain = models.CharField(max_length=255)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40)

    class Meta:
        managed = False
        db_table = "shopify_connectionattempt"
        verbose_name = "connection attempt"

    def __str__(self) -> str:
        return self.reference


class Delivery(models.Model):
    """A webhook of Shopify's whose signature was right: that it came, and what came of it. Its body is kept nowhere."""

    shop_domain = models.CharField(max_length=255)
    topic = models.CharField(max_length=60)
    delivery_id = models.CharField(max_length=100)
    event_id = models.CharField(max_length=100)
    triggered_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    tenant_id = models.BigIntegerField(null=True)
    effect = models.CharField(max_length=40)

    class Meta:
        managed = False
        db_table = "shopify_webhookreceipt"
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"

    def __str__(self) -> str:
        return f"{self.topic} {self.delivery_id}"


class PrivacyRequest(models.Model):
    """What Shopify asked of a workspace about somebody's data, and until when. Whom it is about is not for staff."""

    tenant = models.ForeignKey(Workspace, on_delete=models.DO_NOTHING, related_name="privacy_requests")
    store = models.ForeignKey(ConnectedStore, on_delete=models.DO_NOTHING, related_name="privacy_requests")
    number = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=16)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "shopify_compliancerequest"

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class OutboxEvent(models.Model):
    tenant_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    next_run_at = models.DateTimeField()
    held_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField()
    last_error = models.CharField(max_length=120)
    done_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "outbox_event"

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

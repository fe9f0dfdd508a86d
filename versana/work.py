"""Who does what, and when: the queue of each task, what runs periodically, who is told of which event. Part of the settings."""

# Which queue each task is for: somebody waits at a screen for the interactive one. A test compares this with the tasks.
TASK_ROUTES = {
    "tenants.outbox.tasks.deliver": {"queue": "interactive"},
    "tenants.outbox.tasks.sweep": {"queue": "background"},
    "tenants.outbox.tasks.tidy": {"queue": "background"},
    "tenants.tasks.clear_sessions": {"queue": "background"},
    "tenants.tasks.forget_staff_actions": {"queue": "background"},
    "tenants.tasks.seal_audit": {"queue": "background"},
    "tenants.tasks.delete_exports": {"queue": "background"},
    "inbox.tasks.wake_everywhere": {"queue": "background"},
    "integrations.shopify.tasks.forget_everywhere": {"queue": "background"},
    "integrations.shopify.tasks.probe_everywhere": {"queue": "background"},
    "integrations.shopify.tasks.renew_everywhere": {"queue": "background"},
    "integrations.shopify.tasks.forget_installations": {"queue": "background"},
    "integrations.shopify.tasks.reopen_everywhere": {"queue": "background"},
    "integrations.shopify.tasks.check_webhooks_everywhere": {"queue": "background"},
    "integrations.shopify.tasks.reconcile_everywhere": {"queue": "background"},
}
BEAT_SCHEDULE = {
    "wake-conversations": {"task": "inbox.tasks.wake_everywhere", "schedule": 30.0, "options": {"expires": 30.0}},
    "sweep-outbox": {"task": "tenants.outbox.tasks.sweep", "schedule": 3.0, "options": {"expires": 3.0}},
    "tidy-outbox": {"task": "tenants.outbox.tasks.tidy", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "clear-sessions": {
        "task": "tenants.tasks.clear_sessions",
        "schedule": 86_400.0,
        "options": {"expires": 86_400.0},
    },
    "forget-staff-actions": {
        "task": "tenants.tasks.forget_staff_actions",
        "schedule": 86_400.0,
        "options": {"expires": 86_400.0},
    },
    "probe-stores": {
        "task": "integrations.shopify.tasks.probe_everywhere",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "renew-quiet-stores": {
        "task": "integrations.shopify.tasks.renew_everywhere",
        "schedule": 21_600.0,
        "options": {"expires": 21_600.0},
    },
    "reopen-stores": {
        "task": "integrations.shopify.tasks.reopen_everywhere",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "check-webhooks": {
        "task": "integrations.shopify.tasks.check_webhooks_everywhere",
        "schedule": 86_400.0,
        "options": {"expires": 86_400.0},
    },
    "reconcile-stores": {
        "task": "integrations.shopify.tasks.reconcile_everywhere",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "seal-audit": {"task": "tenants.tasks.seal_audit", "schedule": 60.0, "options": {"expires": 60.0}},
    "seal-whole-audit": {
        "task": "tenants.tasks.seal_audit",
        "kwargs": {"everything": True},
        "schedule": 86_400.0,
        "options": {"expires": 86_400.0},
    },
    "delete-exports": {
        "task": "tenants.tasks.delete_exports",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
    "forget-installations": {
        "task": "integrations.shopify.tasks.forget_installations",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "forget-order-contexts": {
        "task": "integrations.shopify.tasks.forget_everywhere",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
}
# Who is told of what. Event class -> handlers; each handler is idempotent and may be called more than once.
EVENT_HANDLERS = {
    "inbox.events.ViewLookedAt": ["inbox.tasks.warm_view"],
    "inbox.events.MessageArrived": ["inbox.tasks.prefetch_orders"],
    "integrations.shopify.events.DataRequestContinues": ["integrations.shopify.tasks.continue_data_request"],
    "integrations.shopify.events.DataRequestNear": ["integrations.shopify.tasks.remind_of_data_request"],
    "integrations.shopify.events.ErasureContinues": ["integrations.shopify.tasks.continue_erasure"],
    "integrations.shopify.events.ErasureSettles": ["integrations.shopify.tasks.settle_erasure"],
    "integrations.shopify.events.OrderContextWanted": ["integrations.shopify.tasks.refresh_order_context"],
    "integrations.shopify.events.OrderContextDue": ["integrations.shopify.tasks.refresh_due_order_context"],
    "integrations.shopify.events.OrderDeleted": ["integrations.shopify.tasks.drop_deleted_order"],
    "integrations.shopify.events.StoreChanged": ["integrations.shopify.tasks.describe_store"],
    "integrations.shopify.events.StoreErasureAsked": ["integrations.shopify.tasks.erase_store"],
    "integrations.shopify.events.ReconciliationDue": ["integrations.shopify.tasks.reconcile"],
    "integrations.shopify.events.UninstallReported": ["integrations.shopify.tasks.confirm_uninstall"],
    "integrations.shopify.events.StoreAccessAged": ["integrations.shopify.tasks.renew_access"],
    "integrations.shopify.events.StoreCheckWanted": ["integrations.shopify.tasks.check_store"],
    "integrations.shopify.events.StoreConnected": [
        "integrations.shopify.tasks.exchange_access",
        "integrations.shopify.tasks.describe_store",
        "integrations.shopify.tasks.check_webhooks",
    ],
    "integrations.shopify.events.StoreDisconnected": ["integrations.shopify.tasks.uninstall_at_shopify"],
    "integrations.shopify.events.StoreNeedsAttention": ["integrations.shopify.tasks.tell_owners"],
    "integrations.shopify.events.StoreProbeWanted": ["integrations.shopify.tasks.probe_store"],
    "integrations.shopify.events.WebhooksCheckDue": ["integrations.shopify.tasks.check_webhooks"],
    "tenants.events.ErasureNear": ["tenants.tasks.remind_owners"],
    "tenants.events.ExportContinues": ["tenants.tasks.continue_export"],
    "tenants.events.MemberLeft": ["inbox.tasks.release_conversations"],
    "tenants.events.WorkspaceClosed": ["integrations.shopify.tasks.disconnect_stores"],
    "tenants.outbox.mail.MailQueued": ["tenants.outbox.mail.deliver_mail"],
}

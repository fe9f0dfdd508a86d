"""Who owns a row, who may see it, who did it.

Public interface: `models` (User, Tenant, Membership, TenantOwned), `roles`, `access` (decorators for views), `rls.context`
(`tenant_context`), `audit.record`, `outbox.publish`, `crypto` (sealed fields). Imports no other package of ours but the leaves.
"""

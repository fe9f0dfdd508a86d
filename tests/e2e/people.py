"""Gives an acceptance installation the pictures' names, and an administrator. Run in its environment."""

import django

ADMINISTRATOR = "adam@acme.example"
NAMES = {"olivia@acme.example": "Olivia Chen", "ava@acme.example": "Ava Brandt"}


def main() -> None:
    django.setup()
    from tenants import accounts, doors, provisioning  # noqa: PLC0415 - models can be imported only after setup()
    from tenants.models import Membership, Tenant, User  # noqa: PLC0415
    from tenants.rls.context import tenant_context  # noqa: PLC0415
    from tenants.roles import Role  # noqa: PLC0415
    from tests.acceptance.prepare import OWNER, PASSWORD  # noqa: PLC0415

    for email, name in NAMES.items():
        User.objects.filter(email=email).update(name=name)
    adam = accounts.create(email=ADMINISTRATOR, password=PASSWORD, name="Adam Brandt")
    acme = doors.tenant_of_slug("acme")
    if acme is None:
        raise RuntimeError("the installation has no workspace")
    with tenant_context(acme):
        Tenant.objects.filter(pk=acme).update(name="Harbor & Pine")
        owner = Membership.objects.select_related("user").get(user__email=OWNER)
        provisioning.add_member(user=adam, role=Role.ADMINISTRATOR, by=owner)


if __name__ == "__main__":
    main()

"""The ground the other tests stand on."""

import pytest
from django.db import connection

from tenants.rls import checks
from tests.conftest import Cast


@pytest.mark.django_db
def test_the_suite_runs_as_the_applications_role() -> None:
    assert checks.role_faults(connection) == []
    assert connection.settings_dict["USER"] == "versana_app"


def test_mallory_works_next_door(cast: Cast) -> None:
    assert cast.mallory.tenant_id != cast.olivia.tenant_id

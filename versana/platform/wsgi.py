"""Entry of the admin process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "versana.platform.settings"

application = get_wsgi_application()

from tenants.rls import checks  # noqa: E402 - it knows models, which can be imported only from here on

checks.refuse_wrong_role_at_start()

"""Entry of the admin process."""

import os

from django.core.wsgi import get_wsgi_application

from tenants.rls import checks

os.environ["DJANGO_SETTINGS_MODULE"] = "versana.platform.settings"

application = get_wsgi_application()
checks.refuse_wrong_role_at_start()

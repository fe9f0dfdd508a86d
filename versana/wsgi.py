"""Entry of the web process."""

import os

from django.core.wsgi import get_wsgi_application

from tenants.rls import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "versana.settings")

application = get_wsgi_application()
checks.refuse_wrong_role_at_start()

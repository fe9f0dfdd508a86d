"""Entry of the admin process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "versana.platform.settings"

application = get_wsgi_application()

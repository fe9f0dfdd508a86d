"""What Celery looks for in a Django project."""

import os

SECRET_KEY = os.environ["SECRET_KEY"]
USE_TZ = True

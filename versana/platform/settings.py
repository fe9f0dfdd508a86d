"""Settings of the admin process: the product's, on another role, port, cookie and URLconf."""

from versana.settings import *
from versana.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE, env, required

DATABASES = {
    "default": {
        **DATABASES["default"],
        **env.db_url_config(
            required("PLATFORM_DATABASE_URL", "The platform role's address: postgres://versana_platform:...@host/name")
        ),
    }
}
DATABASE_ROLE = "versana_platform"
INSTALLED_APPS = [*INSTALLED_APPS, "versana.platform"]
MIDDLEWARE = [name for name in MIDDLEWARE if name != "tenants.rls.middleware.WorkspaceMiddleware"]
ROOT_URLCONF = "versana.platform.urls"
AUTHENTICATION_BACKENDS = ["versana.platform.backends.PlatformBackend"]
# Its sessions are signed cookies: the role may not touch the table in which everybody's sessions are.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_NAME = "versana_platform"
CSRF_COOKIE_NAME = "versana_platform_csrf"
SESSION_COOKIE_AGE = 4 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
LOGIN_URL = "/admin/login/"

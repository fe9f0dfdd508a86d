"""Settings of the admin process: the product's, on another role, port, cookie and URLconf."""

from csp.constants import SELF

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
# The product's own about workspaces and sessions in tables are not for this role; ours writes down what staff open.
NOT_HERE = ("tenants.rls.middleware.WorkspaceMiddleware", "allauth.usersessions.middleware.UserSessionsMiddleware")
MIDDLEWARE = [
    *(name for name in MIDDLEWARE if name not in NOT_HERE),
    "versana.platform.record.PageRecordMiddleware",
]
ROOT_URLCONF = "versana.platform.urls"
AUTHENTICATION_BACKENDS = ["versana.platform.backends.PlatformBackend"]
# Its sessions are signed cookies: the role may not touch the table in which everybody's sessions are. Which of them were
# ended stands in the record (record.py).
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_NAME = "versana_platform"
CSRF_COOKIE_NAME = "versana_platform_csrf"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_AGE = 4 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
LOGIN_URL = "/admin/login/"
# Nothing is cached: the table of the product's cache is closed to this role.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

"""Settings, read from the environment. A missing or wrong one stops the process with a sentence that says what to do.

Sections: installation, databases, Django, people, security, static, mail, work, Shopify, logging.
"""

import base64
import binascii
from datetime import timedelta
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from versana import policy, work

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def required(name: str, hint: str) -> str:
    """The value of a setting without which nothing works; `hint` says how to make one."""
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint}")
    return value


def parse_sealing_keys(text: str) -> dict[int, bytes]:
    """`1:base64,2:base64` -> {1: 32 bytes, 2: 32 bytes}. Raises ImproperlyConfigured without showing a key."""
    keys: dict[int, bytes] = {}
    for part in filter(None, text.split(",")):
        number, _, encoded = part.partition(":")
        try:
            key_id, key = int(number), base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise ImproperlyConfigured("SEALING_KEYS must look like 1:BASE64,2:BASE64.") from None
        if not 0 < key_id < 2**32 or key_id in keys:
            raise ImproperlyConfigured("SEALING_KEYS must number its keys from 1 to 4294967295, each number once.")
        keys[key_id] = key
    if not keys or any(len(key) != 32 for key in keys.values()):
        raise ImproperlyConfigured("SEALING_KEYS must hold at least one key of 32 bytes in base64.")
    return keys


def parse_primary_key(text: str, keys: dict[int, bytes]) -> int:
    """The key that seals. Of several keys one must be named: were it simply the newest, a process that has just learnt of it
    would seal what its neighbours, not yet restarted, cannot open."""
    if not text and len(keys) == 1:
        return next(iter(keys))
    if not text:
        raise ImproperlyConfigured(
            "SEALING_PRIMARY_KEY is not set. Of several SEALING_KEYS it must say which one seals."
        )
    if not text.isdecimal() or int(text) not in keys:
        raise ImproperlyConfigured("SEALING_PRIMARY_KEY names a key that is not in SEALING_KEYS.")
    return int(text)


# --- Installation ---------------------------------------------------------------------------------------------------
ENVIRONMENT = env.str("ENVIRONMENT", default="production")
if ENVIRONMENT not in ("production", "demo", "test"):
    raise ImproperlyConfigured("ENVIRONMENT must be production, demo or test.")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.bool("DEBUG", default=False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG must be off in production: its error pages show local variables.")
SECRET_KEY = required("SECRET_KEY", "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
PUBLIC_URL = required("PUBLIC_URL", "The address that people type, for instance https://support.example.com").rstrip(
    "/"
)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[PUBLIC_URL.partition("://")[2].partition("/")[0].partition(":")[0]])

# --- Databases ------------------------------------------------------------------------------------------------------
# Three addresses, three roles (docs/decisions.md): the web and the worker know only the application's.
DATABASES = {
    "default": env.db_url_config(
        required("DATABASE_URL", "The application role's address: postgres://versana_app:...@host/name")
    )
}
if env.str("MIGRATION_DATABASE_URL", default=""):
    DATABASES["owner"] = env.db_url_config(env.str("MIGRATION_DATABASE_URL"))
for _database in DATABASES.values():
    _database.setdefault("OPTIONS", {})
    _database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    _database["CONN_HEALTH_CHECKS"] = True
    # PgBouncer in transaction mode hands each transaction to another server connection.
    _database["DISABLE_SERVER_SIDE_CURSORS"] = True
    _database["OPTIONS"].setdefault("connect_timeout", 5)
# A process whose role could step over the wall between workspaces does not start.
CHECK_DATABASE_ROLE = True
DATABASE_ROLE = "versana_app"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Django ---------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "template_partials",
    "lucide",
    "versana",
    "tenants",
    "tenants.outbox",
    "integrations.shopify",
    "inbox",
]
MIDDLEWARE = [
    # The first two outside of all others: static files and refusals (a wrong host, a body too large) get headers too.
    "csp.middleware.CSPMiddleware",
    "versana.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "versana.headers.BodyLimitMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "versana.observability.requests.RequestContextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tenants.rls.middleware.WorkspaceMiddleware",
    "tenants.account_pages.AccountPagesMiddleware",
]
ROOT_URLCONF = "versana.urls"
WSGI_APPLICATION = "versana.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.context_processors.frame",
            ],
        },
    }
]
LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# The cache serves sign-in's rate limits, which must hold while Redis is away; so it is a table.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "versana_cache",
        # Django's 300 would let a stranger push the counters of others out by making 300 of their own.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- People ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "tenants.User"
if ENVIRONMENT == "test":  # the suite makes hundreds of people; how slow their hash is, is not its subject
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
# Two weeks from the sign-in, whatever is done in between; everybody sees their sessions and ends them (/account/).
SESSION_COOKIE_AGE = 14 * 86_400
PASSWORD_RESET_TIMEOUT = 3600
# allauth 65.21, read in its source 2026-11-26; no sign-up by passkey, no trusted browser, no sign-out by GET are its defaults.
ACCOUNT_ADAPTER = "tenants.accounts.AccountAdapter"
_forms = {"add_email": "NewAddressForm", "login": "SignInForm", "reset_password": "ForgottenPasswordForm"}
ACCOUNT_FORMS = {name: f"tenants.forms.account.{form}" for name, form in _forms.items()}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# An invitation's link proves its address; an address that is changed later must be confirmed by a link too.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 2
ACCOUNT_CHANGE_EMAIL = True  # one address a person; the new one takes the old one's place when it is confirmed
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# The same answer and the same work whether an address has an account or not. An unknown address gets a mail as well.
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False  # a reset ends at sign-in, where the second factor is asked for
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # the others end by themselves: their hash is of the old password
ACCOUNT_SESSION_REMEMBER = True
# What touches the account asks again who it is; the adapter says by what.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# In the cache, which is a table. `login_failed` counts wrong passwords and wrong codes, for each address and person (key).
# What is not named here is allauth's: 30 sign-ins and 10 passkeys a minute and address, 10 confirmations a minute and person.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "5/m/ip",
    "reset_password": "10/m/ip,5/h/key",
    "reset_password_from_key": "10/m/ip",
}
# Beyond five codes in five minutes: a day of guessing at that pace would find one in 230 accounts.
SECOND_FACTOR_DAILY_LIMIT = "30/d/key"
MFA_ADAPTER = "tenants.accounts.FactorAdapter"
MFA_FORMS = {
    "authenticate": "tenants.forms.second_factor.SignInCodeForm",
    "reauthenticate": "tenants.forms.second_factor.ConfirmCodeForm",
    "authenticate_webauthn": "tenants.forms.second_factor.SecondStepPasskeyForm",
    "reauthenticate_webauthn": "tenants.forms.second_factor.ConfirmPasskeyForm",
    "login_webauthn": "tenants.forms.second_factor.SignInPasskeyForm",
    "activate_totp": "tenants.forms.second_factor.SetUpAppForm",
    "add_webauthn": "tenants.forms.second_factor.AddPasskeyForm",
    "edit_webauthn": "tenants.forms.second_factor.RenamePasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "VersanaCX"
MFA_TOTP_TOLERANCE = 1  # half a minute to either side: clocks of phones are off
MFA_RECOVERY_CODE_COUNT = 10
MFA_RECOVERY_CODES_SHOW_ONCE = False  # shown again to who has just confirmed who they are
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PUBLIC_URL.startswith("https://")
# allauth blocks factors beside an unconfirmed address because anybody could sign up with it. Nobody signs up here, and an
# account's first address is always proven: only who changes theirs has an unconfirmed one.
MFA_ALLOW_UNVERIFIED_EMAIL = True
USERSESSIONS_TRACK_ACTIVITY = False  # it would write a row with every request
# Whose X-Forwarded-For counts, for limits by address: that of the proxy whose X-Forwarded-Proto counts too (below).
BEHIND_TLS_PROXY = env.bool("BEHIND_TLS_PROXY", default=PRODUCTION)
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=1 if BEHIND_TLS_PROXY else 0)

# --- Security -------------------------------------------------------------------------------------------------------
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"  # Lax: the way back from Shopify is a top-level GET.
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"  # The one document that may be framed, a mail's HTML, says so itself.
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
if PRODUCTION and not PUBLIC_URL.startswith("https://"):
    raise ImproperlyConfigured("PUBLIC_URL must start with https:// in production.")
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS_PROXY else None
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # of a body in all, files included (versana/headers.py)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 0  # No page takes a file: mail comes by other ways.
DEFAULT_EXCEPTION_REPORTER = "versana.observability.logging.SilentExceptionReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "versana.observability.logging.SilentExceptionReporterFilter"

SEALING_KEYS = parse_sealing_keys(
    required(
        "SEALING_KEYS",
        "Make one with: python3 -c 'import base64, os; print(\"1:\" + base64.b64encode(os.urandom(32)).decode())'",
    )
)
SEALING_PRIMARY_KEY = parse_primary_key(env.str("SEALING_PRIMARY_KEY", default=""), SEALING_KEYS)
# Sealed values that are not a SealedTextField: dotted paths of objects of tenants.crypto.holders.Holder.
SEALED_ELSEWHERE = ["tenants.sealed_factors.SEALED_FACTORS"]

# --- Static ---------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None  # elsewhere they are served from where they lie
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = ENVIRONMENT == "test"  # the suite makes thousands of clients, and each would list all files
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Mail -----------------------------------------------------------------------------------------------------------
# Every mail of ours is first a row; a worker hands it to MAIL_TRANSPORT, so that no request waits for a mail server.
EMAIL_BACKEND = "tenants.outbox.mail.OutboxBackend"
MAIL_TRANSPORT = env.str("MAIL_TRANSPORT", default="django.core.mail.backends.smtp.EmailBackend")
EMAIL_FILE_PATH = env.str("MAIL_FILE_PATH", default="") or None
EMAIL_TIMEOUT = 20
MAIL_ANSWER_TIMEOUT = (
    40  # how long a server may think about a mail that it has; with all before it, less than a task may take
)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="VersanaCX <no-reply@localhost>")
# Anymail's settings, where MAIL_TRANSPORT is one of its backends: POSTMARK_SERVER_TOKEN=...,WEBHOOK_SECRET=user:password
ANYMAIL = env.dict("ANYMAIL", default={})
if env.str("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL") | {"EMAIL_BACKEND": EMAIL_BACKEND})

# --- Work -----------------------------------------------------------------------------------------------------------
REDIS_URL = required("REDIS_URL", "The broker's address, for instance redis://127.0.0.1:6379/0")
REDIS_KEY_PREFIX = env.str("REDIS_KEY_PREFIX", default="versana:")
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    # kombu 5.7: without these two, a task whose whole worker was killed came back after 104 s instead of 7.
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,
    "socket_timeout": 2,
    # Without these a poke sleeps 2 s before it gives up on a broker that is away (kombu's interval_start).
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "global_keyprefix": REDIS_KEY_PREFIX,
}
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 90  # below the visibility timeout, or a slow task would run twice
CELERY_TASK_SOFT_TIME_LIMIT = 75
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "background"
CELERY_TASK_ROUTES, CELERY_BEAT_SCHEDULE, EVENT_HANDLERS = work.TASK_ROUTES, work.BEAT_SCHEDULE, work.EVENT_HANDLERS
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# What goes into a workspace's export beside its tables: packages that know more of their rows (tenants/exporting.py).
EXPORTERS = ["inbox.exporting.MAILS"]
# What each package keeps about people (tenants/personal.py), the lower packages first.
PERSONAL_DATA = ["tenants.personal_data.PACKAGE", "integrations.shopify.personal.PACKAGE", "inbox.personal.PACKAGE"]
# How long a closed workspace can be opened again before it is erased, and how long an export can be fetched.
CLOSING_PERIOD = timedelta(days=30)
EXPORT_KEPT = timedelta(days=7)

# --- Shopify --------------------------------------------------------------------------------------------------------
SHOPIFY_CLIENT_ID = env.str("SHOPIFY_CLIENT_ID", default="")
SHOPIFY_CLIENT_SECRET = env.str("SHOPIFY_CLIENT_SECRET", default="")
SHOPIFY_PREVIOUS_CLIENT_SECRET = env.str("SHOPIFY_PREVIOUS_CLIENT_SECRET", default="")
SHOPIFY_REQUEST_ALL_ORDERS = env.bool("SHOPIFY_REQUEST_ALL_ORDERS", default=False)
# Typing a shop's domain is for custom apps and the sandbox only (App Store requirement 2.3.1, read 2026-11-22).
SHOPIFY_DOMAIN_ENTRY = env.bool("SHOPIFY_DOMAIN_ENTRY", default=False)
# Where owners install the app from: its page in the App Store, or the install link of its distribution at Shopify.
SHOPIFY_LISTING_URL = env.str("SHOPIFY_LISTING_URL", default="")
if SHOPIFY_LISTING_URL and not SHOPIFY_LISTING_URL.startswith("https://"):
    raise ImproperlyConfigured("SHOPIFY_LISTING_URL must start with https://.")
SHOPIFY_STORE_SUGGESTIONS = env.list("SHOPIFY_STORE_SUGGESTIONS", default=[])
SHOPIFY_SANDBOX_URL = env.str("SHOPIFY_SANDBOX_URL", default="").rstrip("/") or None
if PRODUCTION and SHOPIFY_SANDBOX_URL:
    raise ImproperlyConfigured("SHOPIFY_SANDBOX_URL sends every store's traffic to a stand-in: not in production.")

# Where a store's webhooks are registered: "store", by us in each store; "app", in the app's own configuration at Shopify
# (manage.py shopify_app_toml), which Shopify prefers for public apps and never deletes after failures.
SHOPIFY_WEBHOOKS = env.str("SHOPIFY_WEBHOOKS", default="store")
if SHOPIFY_WEBHOOKS not in ("store", "app"):
    raise ImproperlyConfigured("SHOPIFY_WEBHOOKS must be store or app.")
CONTENT_SECURITY_POLICY = policy.content_security(SHOPIFY_SANDBOX_URL)

# --- Logging --------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "versana.observability.logging.Redact"}},
    "formatters": {"json": {"()": "versana.observability.logging.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["redact"]}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"level": "INFO"},
        "django.server": {"handlers": ["stderr"], "propagate": False},
        # One line a task is written by the task itself where it matters; the rest is a heartbeat.
        "celery": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
    },
}

"""Every setting of the desk, read from the environment; with an empty environment it is a desk on one laptop."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

from supportdesk.keys import kept_secret

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- Where things are kept -----------------------------------------------------------------------------------------

DATA = Path(env.str("DESK_DATA", default=str(BASE_DIR / "data"))).resolve()
DATA.mkdir(parents=True, exist_ok=True)


def _socket_dir() -> Path:
    """A folder for the embedded broker's socket; a socket's path may not exceed about 100 bytes."""
    folder = DATA / "run"
    if len(str(folder)) > 80:
        folder = Path(tempfile.gettempdir()) / f"desk-{hashlib.sha256(str(DATA).encode()).hexdigest()[:12]}"
    return folder


SECRET_KEY = kept_secret("SECRET_KEY", DATA)
IDENTITY_SECRET = kept_secret("IDENTITY_SECRET", DATA)  # customers' sites sign `external_id` with it

# --- The address people reach the desk at -------------------------------------------------------------------------

PORT = env.int("PORT", default=8000)
DESK_URL = env.str("DESK_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
_address = urlsplit(DESK_URL)
HTTPS = _address.scheme == "https"

DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = [_address.hostname or "127.0.0.1", *env.list("ALLOWED_HOSTS", default=[])]
if not HTTPS:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [DESK_URL]

# The sites whose pages may hold the chat in an iframe.
WIDGET_SITES = env.list("WIDGET_SITES", default=["*"] if not HTTPS else [])

if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_NAME = "desk_session"
CSRF_COOKIE_NAME = "desk_csrf"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- What it is made of --------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "supportdesk",
    "conversations",
    "handoff",
    "analytics",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "supportdesk.urls"
ASGI_APPLICATION = "supportdesk.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TZ_DESK", default="UTC")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
MEDIA_ROOT = DATA / "uploads"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "supportdesk.storage.HashedModules"},
}
# Source maps of the API's pages are most of what there is to compress, and nobody loads them.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["map", "png", "jpg", "jpeg", "gif", "webp", "ico", "woff", "woff2", "gz", "br"]

LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Every wait has a number (seconds) -----------------------------------------------------------------------------

CONNECT_TIMEOUT = 3
STATEMENT_TIMEOUT = 10
LOCK_TIMEOUT = 5
PUBLISH_TIMEOUT = 1

# --- Database: SQLite on a laptop, PostgreSQL by URL ---------------------------------------------------------------

_sqlite: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DATA / "desk.sqlite3",
    # Kept open: whoever closes the last connection to a WAL checkpoints and deletes it, which made each message ten
    # times as slow. A connection ends with its thread.
    "CONN_MAX_AGE": None,
    # A file in the tests too: in memory, threads would share one cache and its table locks, as they never do in life.
    "TEST": {"NAME": DATA / "test.sqlite3"},
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": LOCK_TIMEOUT,
        # FULL: at NORMAL a commit in WAL mode is not synced, and an acknowledged message could be lost with the power.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;",
    },
}
_postgres: dict[str, Any] = {
    "CONN_MAX_AGE": 0,  # persistent connections leak under ASGI; the pool does not
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        "pool": {"min_size": 1, "max_size": max(2, env.int("DATABASE_POOL", default=8)), "timeout": CONNECT_TIMEOUT},
        "connect_timeout": CONNECT_TIMEOUT,
        "prepare_threshold": 5,  # what models/statements.py says is planned once a connection; the ORM's is never
        "options": f"-c statement_timeout={STATEMENT_TIMEOUT}s -c lock_timeout={LOCK_TIMEOUT}s"
        " -c plan_cache_mode=force_generic_plan -c jit=off",
    },
}
_default = _sqlite
if env.str("DATABASE_URL", default=""):
    _named = env.db("DATABASE_URL")
    # What the URL says in its query (a socket's folder, `sslmode`) counts beside ours.
    _default = {**_named, **_postgres, "OPTIONS": {**_postgres["OPTIONS"], **_named.get("OPTIONS", {})}}
DATABASES: dict[str, Any] = {"default": _default}

# --- Broker and channel layer: one Valkey or Redis -----------------------------------------------------------------

BROKER_SOCKET = _socket_dir() / "valkey.sock"
REDIS_URL = env.str("REDIS_URL", default="") or f"unix://{BROKER_SOCKET}"


def _celery_url(url: str) -> str:
    return f"redis+socket://{url.removeprefix('unix://')}?virtual_host=1" if url.startswith("unix://") else url


CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "supportdesk.layer.DeskLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "desk"},
    },
}

CELERY_BROKER_URL = _celery_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False  # due rows and sweeps own the work; a publish only hurries it
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    # Without these a killed worker's task was not back after 30 s (kombu looks once in ten intervals).
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": CONNECT_TIMEOUT,
    "global_keyprefix": "desk-",
}
CELERY_TIMEZONE = "UTC"

# --- The assistant's model: any OpenAI-compatible endpoint, Azure OpenAI, or none ---------------------------------

LLM = {
    "api_key": env.str("OPENAI_API_KEY", default=""),
    "base_url": env.str("OPENAI_BASE_URL", default=""),
    "azure_endpoint": env.str("AZURE_OPENAI_ENDPOINT", default=""),
    "azure_api_key": env.str("AZURE_OPENAI_API_KEY", default=""),
    "azure_api_version": env.str("AZURE_OPENAI_API_VERSION", default="2024-10-21"),
    "model": env.str("LLM_MODEL", default="gpt-4o-mini"),
    "connect_timeout": env.float("LLM_CONNECT_TIMEOUT", default=3.0),
    "first_token_timeout": env.float("LLM_FIRST_TOKEN_TIMEOUT", default=15.0),
    "gap_timeout": env.float("LLM_GAP_TIMEOUT", default=10.0),
    "total_timeout": env.float("LLM_TOTAL_TIMEOUT", default=40.0),
    "classify_timeout": env.float("LLM_CLASSIFY_TIMEOUT", default=8.0),
    "brief_timeout": env.float("LLM_BRIEF_TIMEOUT", default=25.0),
}

# --- Doors ---------------------------------------------------------------------------------------------------------

MAX_CONTEXT = 4000  # characters of what a customer's site tells about her conversation
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # bytes of one request's body
RATE_LIMITS = env.str("DESK_RATE_LIMITS", default="on") != "off"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["conversations.actors.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["conversations.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Supportdesk",
    "DESCRIPTION": "Open conversations, read and post messages, work the queue, read the figures.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

_self = "'self'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": [_self],
        "style-src": [_self],
        "img-src": [_self, "data:"],
        "font-src": [_self],
        "connect-src": [_self],
        "manifest-src": [_self],
        "frame-src": [_self],
        "form-action": [_self],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"class": "supportdesk.logs.Plain", "format": "{levelname:<7} {name}: {message}", "style": "{"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"celery.app.trace": {"level": "WARNING"}, "httpx2": {"level": "WARNING"}},
}

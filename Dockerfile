# One image for web, admin, worker, beat and the setup step; docker-compose.yml says who runs what.
FROM python:3.13-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements/tools.txt requirements/base.txt ./
# The same rules as ./dev: every file has a hash, and only three pure-Python packages come as source.
RUN python -m venv /venv \
    && /venv/bin/pip install --require-hashes --no-deps --only-binary :all: -r tools.txt \
    && /venv/bin/pip install --require-hashes --no-deps --no-build-isolation --only-binary :all: \
        --no-binary shopifyapi,pyactiveresource,quotequail -r base.txt


FROM python:3.13-slim

RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin versana
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=versana.settings
WORKDIR /app
COPY --from=build /venv /venv
COPY manage.py ./
COPY versana versana
COPY tenants tenants
COPY integrations integrations
COPY inbox inbox
COPY templates templates
COPY static static
# Collecting needs settings that parse, and reaches no server: these values end with the command.
RUN ENVIRONMENT=production SECRET_KEY=build PUBLIC_URL=https://build.invalid \
    DATABASE_URL=postgres://build@build.invalid/build REDIS_URL=redis://build.invalid \
    SEALING_KEYS=1:$(python -c "import base64; print(base64.b64encode(bytes(32)).decode())") \
    python manage.py collectstatic --noinput
USER versana
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/healthz', headers={'X-Forwarded-Proto': 'https'}), timeout=4)"]
CMD ["gunicorn", "versana.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--no-control-socket"]

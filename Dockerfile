# One image for web, worker, beat and migrate; which of them it is, compose.yaml says.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /build
COPY requirements.txt constraints.txt ./
RUN pip install -r requirements.txt

FROM python:3.11-slim-bookworm
# pg_dump and pg_restore for the backups; a client of the server's version or newer.
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client-15 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin mesoclinic \
    && install -d -o mesoclinic -g mesoclinic -m 0700 /data
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=mesoclinic.settings.prod \
    MESOCLINIC_DATA_DIR=/data \
    STATIC_ROOT=/app/static
WORKDIR /app
COPY manage.py ./
COPY mesoclinic ./mesoclinic
COPY patients ./patients
COPY protocols ./protocols
COPY sessions ./sessions
COPY templates ./templates
# The key and the addresses are only for this one step, which opens no database and signs nothing.
RUN MESOCLINIC_DATA_DIR=/tmp/build SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
    DATABASE_URL=postgres://none@localhost/none REDIS_URL=redis://localhost:6379/0 \
    python manage.py collectstatic --no-input --verbosity 0 \
    && rm -rf /tmp/build
USER mesoclinic
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "-c", "python:mesoclinic.gunicorn", "--bind", "0.0.0.0:8000", "mesoclinic.wsgi"]

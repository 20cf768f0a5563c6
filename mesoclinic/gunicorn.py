"""How gunicorn serves Mesoclinic, in production too: `gunicorn -c python:mesoclinic.gunicorn mesoclinic.wsgi`."""

import gc
import os
from pathlib import Path

from celery.platforms import set_pdeathsig

worker_class = "sync"
workers = int(os.environ.get("WEB_WORKERS", "2"))
timeout = 60
graceful_timeout = 15
# A worker that has served long gives its memory back; the jitter keeps them from doing so together.
max_requests = 5000
max_requests_jitter = 500
# Proxies close idle connections themselves; sync workers answer one request a connection.
accesslog = None
errorlog = "-"
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "warning")
control_socket_disable = True
# The heartbeat file belongs in memory: on a busy disk its touch would make the master think the worker hangs.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

GARBAGE_THRESHOLDS = (100_000, 10, 10)  # Python's own: 700, 10, 10
ALL_GARBAGE_EVERY = 100  # requests


def post_fork(server, worker):
    """Let no worker outlive a master that was killed: it would keep the port."""
    set_pdeathsig("SIGKILL")


def post_worker_init(worker):
    """Leave the program itself out of the search for garbage, and search while a request is answered only when it is huge."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def post_request(worker, request, environ, response):
    """Search between two requests, when nobody waits, in what the last one left; now and then in what all have left.

    A page makes tens of thousands of objects, nearly all of which go by themselves; a form and its fields go so only.
    """
    gc.collect(1 if worker.nr % ALL_GARBAGE_EVERY else 2)

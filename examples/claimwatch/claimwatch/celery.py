"""Celery's application: settings, logs, request ids, and the signs of life that the probes look for."""

import logging.config
import os
from pathlib import Path

from celery import Celery, signals
from celery.beat import Scheduler
from django.conf import settings

from .logs import request_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "claimwatch.settings")
app = Celery("claimwatch")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["claims"])

# Touched every few seconds while the process is at work: slipway.yml's probes look at its age. `celery inspect ping`
# would start a whole Celery for each question.
ALIVE = Path("/tmp/alive")


class Beat(Scheduler):
    """Keeps no file: after a start everything is due one interval later, which suits intervals of seconds."""

    def tick(self, *arguments, **options):
        ALIVE.touch()
        return super().tick(*arguments, **options)


# The worker's heartbeat, which stops while it has no broker.
@signals.heartbeat_sent.connect
def touch(**_):
    ALIVE.touch()


@signals.setup_logging.connect
def log_as_django_does(**_):
    logging.config.dictConfig(settings.LOGGING)


@signals.before_task_publish.connect
def send_request_id(headers=None, **_):
    headers["claimwatch_request_id"] = request_id.get()


@signals.task_prerun.connect
def take_request_id(task=None, **_):
    request_id.set(task.request.get("claimwatch_request_id"))

"""The process that takes the measures: `python -m dbconsole.scheduler`. There must be one of it, and no more.

Its jobs are in Postgres, so a scheduler that starts goes on where the one before stopped: what is not due waits, and
what came due meanwhile runs once. The web process never touches them, for APScheduler does not share a store between
schedulers; it writes watches, and this process brings its jobs into line with those every second.
"""

from __future__ import annotations

import logging.config
import os
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from .database import JOBS, Sample, Watch, engine_for
from .logs import configuration
from .measures import take
from .settings import SETTINGS

logger = logging.getLogger(__name__)

# Touched while the process is at work: slipway.yml's probe looks at its age.
ALIVE = Path("/tmp/alive")
KEPT = 1000
PAUSE = 1.0

engine = engine_for(SETTINGS.database_url)


def sample(watch_id: int, measure: str) -> None:
    """The job: found by its name when the store is read, so it must keep it."""
    value = take(engine, measure)
    identity = f"{SETTINGS.replica}/{os.getpid()}"
    with Session(engine) as session, session.begin():
        if session.get(Watch, watch_id) is None:
            return  # removed a moment ago; so will the job be
        session.add(Sample(watch_id=watch_id, value=value, scheduler=identity))
        newest = select(Sample.id).where(Sample.watch_id == watch_id).order_by(Sample.id.desc()).limit(KEPT)
        session.execute(delete(Sample).where(Sample.watch_id == watch_id, Sample.id.not_in(newest)))
    logger.info("sample", extra={"watch": watch_id, "measure": measure, "value": value})


def bring_into_line(scheduler: BackgroundScheduler) -> None:
    """A job for each watch, and none besides."""
    with Session(engine) as session:
        watches = {str(watch.id): watch for watch in session.scalars(select(Watch))}
    jobs = {job.id for job in scheduler.get_jobs()}
    for name in watches.keys() - jobs:
        watch = watches[name]
        trigger = IntervalTrigger(seconds=watch.every, timezone=UTC)
        arguments = (watch.id, watch.measure)
        scheduler.add_job("dbconsole.scheduler:sample", trigger, arguments, id=name, next_run_time=datetime.now(UTC))
        logger.info("watch taken up", extra={"watch": watch.id})
    for name in jobs - watches.keys():
        scheduler.remove_job(name)
        logger.info("watch dropped", extra={"watch": name})


def main() -> None:
    logging.config.dictConfig(configuration(SETTINGS))
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    scheduler = BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(engine=engine, tablename=JOBS)},
        executors={"default": ThreadPoolExecutor(4)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone=UTC,
        jobstore_retry_interval=2,
    )
    scheduler.start()
    logger.info("scheduler started")
    while not ending.wait(PAUSE):
        try:
            bring_into_line(scheduler)
            ALIVE.touch()
        except SQLAlchemyError as error:
            logger.warning("the database does not answer", extra={"problem": type(error).__name__})
    scheduler.shutdown(wait=True)
    logger.info("scheduler ended")


if __name__ == "__main__":
    main()

"""Against processes as they run in production, with Postgres and Redis behind wires that can be cut."""

import os
import signal
import time
import unittest

from alembic import command
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from testing import Gunicorn, Process, Wire, wait_until

from dbconsole.database import Job, Sample, Watch
from dbconsole.settings import SETTINGS

from .test_api import ALEMBIC, engine


def setUpModule():
    command.upgrade(ALEMBIC, "head")


def web(**environment: str) -> Gunicorn:
    options = ("dbconsole.wsgi:application", "--worker-class", "gevent")
    return Gunicorn(*options, host="dbconsole.localhost", REPLICA="one", **environment)


class ProcessCase(unittest.TestCase):
    def setUp(self):
        with engine.begin() as connection:
            connection.execute(text("TRUNCATE watch, sample, scheduled_job RESTART IDENTITY"))

    def scheduler(self, name: str, **environment: str) -> Process:
        return self.enterContext(Process("dbconsole.scheduler", REPLICA=name, **environment))

    def samples(self) -> list[Sample]:
        with Session(engine) as session:
            return list(session.scalars(select(Sample).order_by(Sample.id)))


class Scheduler(ProcessCase):
    def test_it_takes_what_the_web_process_was_asked_for(self):
        scheduler = self.scheduler("one")
        replica = self.enterContext(web())
        token = replica.post("/api/token/", {"password": os.environ["CONSOLE_PASSWORD"]})[1]["token"]
        headers = {"Authorization": f"Bearer {token}"}
        status, watch, _ = replica.post("/api/watches/", {"measure": "connections", "every": 1}, **headers)
        self.assertEqual(status, 201)
        path = f"/api/watches/{watch['id']}/"
        wait_until(lambda: len(replica.get(path, **headers)[1]["samples"]) >= 3)
        taken = [sample.taken.timestamp() for sample in self.samples()]
        self.assertLessEqual(len(taken), taken[-1] - taken[0] + 2, "it is taken more often than every second")
        with Session(engine) as session, session.begin():
            session.delete(session.get(Watch, watch["id"]))
        wait_until(lambda: scheduler.wrote("watch dropped"))
        with Session(engine) as session:
            self.assertEqual(session.scalars(select(Job)).all(), [])

    def test_the_next_one_goes_on_where_the_one_before_stopped(self):
        """What is not due yet is not taken again because somebody started; what came due meanwhile is taken once."""
        with Session(engine) as session, session.begin():
            session.add_all([Watch(measure="connections", every=3600), Watch(measure="samples", every=1)])
        first = self.scheduler("one")
        wait_until(lambda: {sample.watch_id for sample in self.samples()} == {1, 2})
        first.process.send_signal(signal.SIGTERM)
        self.assertEqual(first.process.wait(60), 0)
        before = len(self.samples())
        time.sleep(4)
        self.scheduler("two")
        wait_until(lambda: len(self.samples()) > before + 3)
        taken = [sample.taken.timestamp() for sample in self.samples()[before:]]
        at_once = [moment for moment in taken if moment - taken[0] < 0.5]
        self.assertLessEqual(len(at_once), 2, "what came due meanwhile was made up for one by one")
        hourly = [sample for sample in self.samples() if sample.watch_id == 1]
        self.assertEqual([sample.scheduler.split("/")[0] for sample in hourly], ["one"])

    def test_it_works_on_after_its_database_was_away(self):
        wire = Wire(SETTINGS.database_url)
        with Session(engine) as session, session.begin():
            session.add(Watch(measure="samples", every=1))
        scheduler = self.scheduler("one", DATABASE_URL=wire.url)
        wait_until(self.samples)
        wire.cut()
        wait_until(lambda: scheduler.wrote("the database does not answer"))
        count = len(self.samples())
        wire.mend()
        wait_until(lambda: len(self.samples()) > count)


class Readiness(ProcessCase):
    def test_ready_follows_each_store(self):
        wires = {"database": Wire(SETTINGS.database_url), "cache": Wire(SETTINGS.cache_url)}
        replica = self.enterContext(web(DATABASE_URL=wires["database"].url, CACHE_URL=wires["cache"].url))
        wait_until(lambda: replica.get("/health/ready")[0] == 200)
        for name, wire in wires.items():
            for harm in (wire.cut, wire.freeze):
                with self.subTest(name, harm=harm.__name__):
                    harm()
                    wait_until(lambda: replica.get("/health/ready")[0] == 503)
                    status, detail, _ = replica.get("/health/detail")
                    bad = [store for store, state in detail["dependencies"].items() if state != "ok"]
                    self.assertEqual((status, detail["ready"], bad), (503, False, [name]))
                    self.assertEqual(replica.get("/health/live")[0], 200)
                    wire.mend()
                    wait_until(lambda: replica.get("/health/ready")[0] == 200)

    def test_unknown_health_paths_are_not_found(self):
        self.assertEqual(self.enterContext(web()).get("/health/other")[0], 404)


class Logs(ProcessCase):
    def test_every_line_is_json_with_the_request_id_and_without_secrets(self):
        with web() as replica:
            _, _, headers = replica.get("/api/watches/?key=hunter2", **{"X-Request-ID": "req-42"})
            self.assertEqual(headers["X-Request-ID"], "req-42")
            for strange in ("a" * 65, 'x"y'):
                returned = replica.get("/api/watches/", **{"X-Request-ID": strange})[2]["X-Request-ID"]
                self.assertRegex(returned, r"^[0-9a-f]{32}$")
            replica.process.send_signal(signal.SIGTERM)
            self.assertEqual(replica.process.wait(60), 0)
        requests = {line["request_id"]: line for line in replica.entries() if line["logger"] == "dbconsole.access"}
        self.assertEqual((requests["req-42"]["path"], requests["req-42"]["status"]), ("/api/watches/", 401))
        self.assertTrue(all(line["replica"] == "one" for line in replica.entries()))
        for secret in ("hunter2", SETTINGS.secret_key, SETTINGS.password):
            self.assertNotIn(secret, "".join(replica.lines))

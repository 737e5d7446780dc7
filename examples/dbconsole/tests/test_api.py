import logging
import os
import unittest

from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.orm import Session

from dbconsole.database import Sample, Watch, engine_for
from dbconsole.measures import MEASURES, take
from dbconsole.settings import SETTINGS
from dbconsole.web import create_app

ALEMBIC = Config("alembic.ini")
engine = engine_for(SETTINGS.database_url)


def setUpModule():
    command.upgrade(ALEMBIC, "head")


class Case(unittest.TestCase):
    def setUp(self):
        with engine.begin() as connection:
            connection.execute(text("TRUNCATE watch, sample, scheduled_job RESTART IDENTITY"))
        app = create_app(SETTINGS)
        self.addCleanup(app.extensions["engine"].dispose)
        app.extensions["cache"].delete("overview")
        app.config["SERVER_NAME"] = "dbconsole.localhost"  # what the client asks for
        self.client = app.test_client()
        answer = self.client.post("/api/token/", json={"password": os.environ["CONSOLE_PASSWORD"]})
        self.assertEqual(answer.status_code, 201)
        self.headers = {"Authorization": f"Bearer {answer.json['token']}"}

    def add(self, measure: str = "connections", every: object = 60):
        return self.client.post("/api/watches/", json={"measure": measure, "every": every}, headers=self.headers)

    def get(self, path: str):
        return self.client.get(path, headers=self.headers)


class Watches(Case):
    def test_a_watch_is_added_read_back_and_removed(self):
        added = self.add()
        self.assertEqual(added.status_code, 201, added.text)
        path = f"/api/watches/{added.json['id']}/"
        self.assertEqual(self.get("/api/watches/").json["watches"], [added.json])
        with Session(engine) as session, session.begin():
            session.add_all(Sample(watch_id=1, value=value, scheduler="test") for value in range(25))
        samples = self.get(path).json["samples"]
        self.assertEqual([sample["value"] for sample in samples], list(range(24, 4, -1)))
        self.assertEqual(self.client.delete(path, headers=self.headers).status_code, 204)
        self.assertEqual(self.get(path).status_code, 404)
        self.assertEqual(take(engine, "samples"), 0)

    def test_the_overview_is_asked_of_the_database_every_two_seconds_at_most(self):
        self.assertEqual(self.get("/api/overview/").json, {"latest": []})
        with Session(engine) as session, session.begin():
            session.add_all([Watch(measure="samples", every=9), Watch(measure="connections", every=9)])
            session.flush()
            session.add_all(Sample(watch_id=watch, value=value, scheduler="t") for watch in (1, 2) for value in (7, 8))
        self.assertEqual(self.get("/api/overview/").json, {"latest": []}, "not from the cache")
        self.client.application.extensions["cache"].delete("overview")
        latest = self.get("/api/overview/").json["latest"]
        self.assertEqual([(row["measure"], row["value"]) for row in latest], [("samples", 8), ("connections", 8)])

    def test_what_is_wrong_is_named(self):
        for measure in ("SELECT 1", "", None, [], 7):
            self.assertIn("measure must be one of connections", self.add(measure=measure).json["error"])
        for every in (0, 86_401, "5", 1.5, True, None):
            self.assertIn("every must be a number of seconds", self.add(every=every).json["error"])
        for body in ("", "[]", "{", "[" * 100_000):
            answer = self.client.post("/api/watches/", data=body, headers=self.headers)
            self.assertEqual((answer.status_code, answer.json["error"]), (400, "the body must be a JSON object"))
        for path in ("/api/watches/7/", f"/api/watches/{2**63}/", "/nowhere/"):
            self.assertEqual(self.get(path).status_code, 404)
        self.assertEqual(self.client.put("/api/watches/", headers=self.headers).status_code, 405)

    def test_strangers_get_nothing(self):
        self.add()
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": self.headers["Authorization"][7:]}):
            for path in ("/api/watches/", "/api/watches/1/", "/api/overview/", "/api/measures/"):
                self.assertEqual(self.client.get(path, headers=headers).status_code, 401)
            self.assertEqual(self.client.post("/api/watches/", json={}, headers=headers).status_code, 401)
            self.assertEqual(self.client.delete("/api/watches/1/", headers=headers).status_code, 401)
        for body in ({}, {"password": "wrong"}, {"password": 7}, {"password": "\ud800"}):
            self.assertEqual(self.client.post("/api/token/", json=body).status_code, 401)

    def test_another_host_is_refused(self):
        answer = self.client.get("/api/measures/", headers={**self.headers, "Host": "evil.example"})
        self.assertEqual(answer.status_code, 400)


class Measures(Case):
    def test_each_is_a_number(self):
        self.assertEqual(self.get("/api/measures/").json["measures"], sorted(MEASURES))
        for name in MEASURES:
            self.assertGreaterEqual(take(engine, name), 0, name)

    def test_none_can_change_anything(self):
        MEASURES["bad"] = "DELETE FROM watch RETURNING 1"
        self.addCleanup(MEASURES.pop, "bad")
        with self.assertRaisesRegex(Exception, "read-only transaction"):
            take(engine, "bad")


class Migrations(unittest.TestCase):
    def test_they_match_the_models_and_go_back(self):
        logging.disable(logging.WARNING)
        self.addCleanup(logging.disable, logging.NOTSET)
        command.check(ALEMBIC)
        command.current(ALEMBIC, check_heads=True)
        command.downgrade(ALEMBIC, "base")
        with self.assertRaisesRegex(Exception, "not on all head"):
            command.current(ALEMBIC, check_heads=True)
        command.upgrade(ALEMBIC, "head")

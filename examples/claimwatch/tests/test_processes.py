"""Against processes as they run in production, with Postgres and Redis behind wires that can be cut."""

import secrets
import signal
import time

from django.conf import settings
from django.test import TransactionTestCase
from testing import Process, Wire, wait_until

from claims.models import Claim, Tenant, keyed_hash
from claims.tasks import send
from claimwatch.celery import app
from claimwatch.logs import request_id

from .support import BEAT, WORKER, celery, test_database_url, web


class ProcessCase(TransactionTestCase):
    def setUp(self):
        app.control.purge()
        self.key = secrets.token_urlsafe(32)
        self.tenant = Tenant.objects.create(name="acme", key_hash=keyed_hash("key", self.key))

    def start(self, command: list[str], **environment: str) -> Process:
        return self.enterContext(celery(command, **environment))

    def file(self, documents: int) -> Claim:
        claim = Claim(tenant=self.tenant, reference=secrets.token_hex(8), amount=1, documents=documents)
        claim.claimant, claim.description = "Ada", secrets.token_hex(8)
        with self.tenant.scope():
            claim.save()
        return claim

    def now(self, claim: Claim) -> Claim:
        with self.tenant.scope():
            return Claim.objects.get(id=claim.id)

    def assessed(self, claim: Claim) -> bool:
        return self.now(claim).state == "assessed"


class Worker(ProcessCase):
    def test_it_assesses_what_was_filed_and_logs_the_request_id(self):
        worker = self.start(WORKER)
        claim = self.file(documents=1)
        request_id.set("req-42")
        send(self.tenant, claim.id)
        wait_until(lambda: self.assessed(claim))
        wait_until(lambda: worker.wrote("assessment ends"))
        line = next(entry for entry in worker.entries() if entry["message"] == "assessment ends")
        self.assertEqual((line["request_id"], line["claim"]), ("req-42", str(claim.id)))
        self.assertNotIn(settings.FIELD_ENCRYPTION_KEY, "".join(worker.lines))

    def test_a_warm_shutdown_ends_the_long_task_and_leaves_the_next_to_others(self):
        worker = self.start(WORKER)
        long = [self.file(documents=8), self.file(documents=8)]
        for claim in long:
            send(self.tenant, claim.id)
        wait_until(lambda: all(self.now(claim).documents_read for claim in long))
        waiting = self.file(documents=1)
        send(self.tenant, waiting.id)
        worker.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        self.assertEqual(worker.process.wait(60), 0)
        for claim in long:
            found = self.now(claim)
            self.assertEqual((found.state, found.documents_read, found.attempts), ("assessed", 8, 1))
        self.assertEqual(self.now(waiting).state, "filed")
        print(f"\n  warm shutdown: gone {time.monotonic() - began:.1f} s after SIGTERM", end="")
        self.start(WORKER)
        wait_until(lambda: self.assessed(waiting))

    def test_it_works_on_after_its_broker_was_away(self):
        wire = Wire(settings.BROKER_URL)
        worker = self.start(WORKER, BROKER_URL=wire.url)
        claim = self.file(documents=1)
        send(self.tenant, claim.id)
        wait_until(lambda: self.assessed(claim))
        wire.cut()
        wait_until(lambda: worker.wrote("Trying again in"))
        wire.mend()
        claim = self.file(documents=1)
        send(self.tenant, claim.id)
        wait_until(lambda: self.assessed(claim))


class Beat(ProcessCase):
    def test_claims_that_were_forgotten_are_sent_again(self):
        """One whose worker was killed, and one that was filed while the broker was away."""
        limit = {"ASSESSMENT_TIME_LIMIT": "3", "RESEND_AFTER": "3"}
        first = self.start(WORKER, **limit)
        orphan = self.file(documents=4)
        send(self.tenant, orphan.id)
        wait_until(lambda: self.now(orphan).documents_read)
        first.process.kill()
        wire = Wire(settings.BROKER_URL)
        wire.cut()
        replica = self.enterContext(web(BROKER_URL=wire.url))
        token = replica.post("/api/token/", {"tenant": "acme", "key": self.key})[1]["token"]
        claim = {"reference": "C-1", "claimant": "Ada", "description": "Hail", "amount": "1"}
        status, filed, _ = replica.post("/api/claims/", claim, Authorization=f"Bearer {token}")
        self.assertEqual(status, 201)
        self.assertTrue(replica.wrote("the broker did not take the claim"))
        self.start(WORKER, **limit)
        self.start(BEAT, **limit)
        wait_until(lambda: self.assessed(orphan))
        self.assertEqual(self.now(orphan).attempts, 2)
        unsent = Claim(id=filed["id"])
        wait_until(lambda: self.assessed(unsent))
        self.assertEqual(self.now(unsent).attempts, 1)


class Readiness(ProcessCase):
    def test_ready_follows_each_store(self):
        wires = {
            "database": Wire(test_database_url()),
            "cache": Wire(settings.CACHE_URL),
            "broker": Wire(settings.BROKER_URL),
        }
        variables = {"database": "DATABASE_URL", "cache": "CACHE_URL", "broker": "BROKER_URL"}
        replica = self.enterContext(web(**{variables[name]: wire.url for name, wire in wires.items()}))
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
            _, _, headers = replica.get("/api/claims/?key=hunter2", **{"X-Request-ID": "req-42"})
            self.assertEqual(headers["X-Request-ID"], "req-42")
            for strange in ("a" * 65, 'x"y'):
                returned = replica.get("/api/claims/", **{"X-Request-ID": strange})[2]["X-Request-ID"]
                self.assertRegex(returned, r"^[0-9a-f]{32}$")
            replica.process.send_signal(signal.SIGTERM)
            self.assertEqual(replica.process.wait(60), 0)
        requests = {line["request_id"]: line for line in replica.entries() if line["logger"] == "claimwatch.access"}
        self.assertEqual((requests["req-42"]["path"], requests["req-42"]["status"]), ("/api/claims/", 401))
        self.assertTrue(all(line["replica"] == "one" for line in replica.entries()))
        text = "".join(replica.lines)
        self.assertNotIn("hunter2", text)
        self.assertNotIn(settings.SECRET_KEY, text)

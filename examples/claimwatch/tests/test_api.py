import json
import secrets
import tempfile
from datetime import timedelta
from io import StringIO

from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import SimpleTestCase, TransactionTestCase
from django.utils import timezone

from claims.models import Claim, Tenant, keyed_hash
from claims.tasks import assess

CLAIM = {"reference": "C-1", "claimant": "Ada Lovelace", "description": "Hail on the roof", "amount": "120.50"}


class TenantCase(TransactionTestCase):
    def tenant(self, name: str) -> tuple[Tenant, str]:
        key = secrets.token_urlsafe(32)
        return Tenant.objects.create(name=name, key_hash=keyed_hash("key", key)), key

    def log_in(self, name: str, key: str) -> dict[str, str]:
        answer = self.post("/api/token/", {"tenant": name, "key": key})
        self.assertEqual(answer.status_code, 201, answer.content)
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    def get(self, path: str, headers: dict[str, str]):
        return self.client.get(path, headers={"Host": "claimwatch.localhost", **headers})

    def post(self, path: str, body: object, headers: dict[str, str] | None = None):
        text = body if isinstance(body, str) else json.dumps(body)
        headers = {"Host": "claimwatch.localhost", **(headers or {})}
        return self.client.post(path, text, content_type="application/json", headers=headers)

    def file(self, headers: dict[str, str], **changes: object) -> dict:
        answer = self.post("/api/claims/", {**CLAIM, **changes}, headers)
        self.assertEqual(answer.status_code, 201, answer.content)
        return answer.json()


class Claims(TenantCase):
    def setUp(self):
        self.acme, key = self.tenant("acme")
        self.headers = self.log_in("acme", key)

    def test_a_claim_is_filed_assessed_and_read_back(self):
        filed = self.file(self.headers, documents=2)
        self.assertEqual((filed["state"], filed["verdict"], filed["attempts"]), ("filed", None, 0))
        assess(str(self.acme.id), filed["id"])
        found = self.get(f"/api/claims/{filed['id']}/", self.headers).json()
        self.assertEqual((found["state"], found["verdict"], found["documents_read"]), ("assessed", "accepted", 2))
        self.assertEqual(found["claimant"], "Ada Lovelace")
        self.assertEqual(self.get("/api/claims/", self.headers).json()["claims"], [found])

    def test_verdicts(self):
        large = self.file(self.headers, reference="C-2", amount="10000.01", description="Fire")
        again = self.file(self.headers, reference="C-3", amount="7", description="Fire")
        for claim in (large, again):
            assess(str(self.acme.id), claim["id"])
        verdicts = [self.get(f"/api/claims/{claim['id']}/", self.headers).json()["verdict"] for claim in (large, again)]
        self.assertEqual(verdicts, ["review", "duplicate"])

    def test_a_claim_that_is_done_or_being_assessed_is_left_alone(self):
        filed = self.file(self.headers)
        with self.acme.scope():
            self.assertIsNotNone(Claim.begin(filed["id"]))
        assess(str(self.acme.id), filed["id"])
        with self.acme.scope():
            self.assertEqual(Claim.objects.get().state, "assessing")
            Claim.objects.update(touched=timezone.now() - timedelta(hours=1))
        assess(str(self.acme.id), filed["id"])
        assess(str(self.acme.id), filed["id"])
        found = self.get(f"/api/claims/{filed['id']}/", self.headers).json()
        self.assertEqual((found["state"], found["attempts"]), ("assessed", 2))

    def test_the_summary_is_counted_anew_when_a_claim_changes(self):
        self.assertEqual(self.get("/api/summary/", self.headers).json(), {"tenant": "acme", "claims": {}})
        filed = self.file(self.headers)
        self.assertEqual(self.get("/api/summary/", self.headers).json()["claims"], {"filed": 1})
        with self.acme.scope():
            Claim.objects.update(state="assessing")
        self.assertEqual(self.get("/api/summary/", self.headers).json()["claims"], {"filed": 1}, "not from the cache")
        with self.acme.scope():
            Claim.objects.update(state="filed")
        assess(str(self.acme.id), filed["id"])
        self.assertEqual(self.get("/api/summary/", self.headers).json()["claims"], {"assessed": 1})

    def test_what_is_wrong_with_a_claim_is_named(self):
        wrong = {
            "reference": ("", None, 7, "x" * 65, "a\x00"),
            "claimant": ("", "x" * 201, ["Ada"], "\ud800"),
            "description": ("", "x" * 4001),
            "amount": ("", "-1", "many", "NaN", "1.001", {}, "99999999999"),
            "documents": (0, 61, "two", None),
        }
        for field, values in wrong.items():
            for value in values:
                with self.subTest(field, value=value):
                    answer = self.post("/api/claims/", {**CLAIM, field: value}, self.headers)
                    self.assertEqual(answer.status_code, 400, answer.content)
                    self.assertIn(field, answer.json()["errors"])
        for body in ("", "[]", "{", "[" * 100_000):
            self.assertEqual(self.post("/api/claims/", body, self.headers).status_code, 400)
        self.file(self.headers)
        self.assertEqual(self.post("/api/claims/", CLAIM, self.headers).status_code, 400)

    def test_strangers_get_nothing(self):
        filed = self.file(self.headers)
        refused = ({}, {"Authorization": "Bearer x"}, {"Authorization": self.headers["Authorization"][7:]})
        for headers in refused:
            for path in ("/api/claims/", f"/api/claims/{filed['id']}/", "/api/summary/"):
                self.assertEqual(self.get(path, headers).status_code, 401)
        for body in ({}, {"tenant": "acme"}, {"tenant": "acme", "key": "wrong"}, {"tenant": 1, "key": []}):
            self.assertEqual(self.post("/api/token/", body).status_code, 401)
        self.assertEqual(self.get("/api/token/", {}).status_code, 405)
        self.assertEqual(self.get("/nowhere/", {}).json(), {"error": "not found"})


class Tenants(TenantCase):
    def setUp(self):
        (self.acme, acme_key), (self.umbrella, umbrella_key) = self.tenant("acme"), self.tenant("umbrella")
        self.of_acme, self.of_umbrella = self.log_in("acme", acme_key), self.log_in("umbrella", umbrella_key)
        self.filed = self.file(self.of_acme)

    def test_one_does_not_see_what_is_anothers(self):
        path = f"/api/claims/{self.filed['id']}/"
        self.assertEqual(self.get(path, self.of_acme).status_code, 200)
        self.assertEqual(self.get(path, self.of_umbrella).status_code, 404)
        self.assertEqual(self.get("/api/claims/", self.of_umbrella).json(), {"claims": []})
        self.get("/api/summary/", self.of_acme)
        self.assertEqual(self.get("/api/summary/", self.of_umbrella).json()["claims"], {})
        self.file(self.of_umbrella)  # the same reference: theirs to choose

    def test_a_query_that_forgets_the_tenant_finds_nothing(self):
        """The wall is in the database: neither Django's filters nor SQL by hand get past it."""
        with self.acme.scope():
            self.assertEqual(Claim.objects.count(), 1)
        self.assertEqual(Claim.objects.count(), 0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM claims_claim")
            self.assertEqual(cursor.fetchone(), (0,))
        with self.umbrella.scope():
            self.assertEqual(Claim.objects.filter(tenant=self.acme).count(), 0)
            self.assertEqual(Claim.objects.filter(id=self.filed["id"]).update(verdict="accepted"), 0)
            self.assertEqual(Claim.objects.all().delete()[0], 0)
        with self.acme.scope():
            self.assertEqual(Claim.objects.get().verdict, "")

    def test_nobody_files_for_another(self):
        with self.assertRaisesRegex(ProgrammingError, "row-level security"), self.umbrella.scope():
            Claim(tenant=self.acme, **CLAIM).save()

    def test_the_scope_ends_with_its_transaction(self):
        with self.acme.scope():
            pass
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('claimwatch.tenant', true)")
            self.assertIn(cursor.fetchone()[0], (None, ""))

    def test_a_worker_told_of_the_wrong_tenant_does_nothing(self):
        assess(str(self.umbrella.id), self.filed["id"])
        self.assertEqual(self.get(f"/api/claims/{self.filed['id']}/", self.of_acme).json()["state"], "filed")

    def test_a_tenant_is_removed_with_its_claims(self):
        with self.assertRaises(IntegrityError), transaction.atomic():
            self.acme.delete()  # outside of its scope nothing is found to go with it
        call_command("remove_tenant", "--name", "acme", stdout=StringIO())
        self.assertFalse(Tenant.objects.filter(name="acme").exists())
        with self.assertRaisesRegex(CommandError, "no tenant"):
            call_command("remove_tenant", "--name", "acme")


class Encryption(TenantCase):
    def test_the_database_holds_ciphertext(self):
        acme, key = self.tenant("acme")
        self.file(self.log_in("acme", key))
        with acme.scope(), connection.cursor() as cursor:
            cursor.execute("SELECT claims_claim::text FROM claims_claim")
            stored = cursor.fetchone()[0]
        self.assertIn("C-1", stored)
        # The space counts: ciphertext has none, but "Ada" may be in it, for it begins with the time of day.
        self.assertNotIn("Ada ", stored)
        self.assertNotIn("Hail on", stored)

    def test_nothing_is_searched_by_what_is_encrypted(self):
        with self.assertRaisesRegex(Exception, "Unsupported lookup"):
            list(Claim.objects.filter(claimant="Ada"))


class EnsureTenant(TenantCase):
    def ensure(self, key: str, name: str = "acme") -> str:
        said = StringIO()
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(f"{key}\n")
            file.flush()
            call_command("ensure_tenant", "--name", name, "--key-file", file.name, stdout=said)
        return said.getvalue()

    def test_it_makes_changes_and_leaves_alone(self):
        first, second = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self.assertIn("was created", self.ensure(first))
        self.assertIn("is as it should be", self.ensure(first))
        self.assertIn("was changed", self.ensure(second))
        self.assertEqual(self.post("/api/token/", {"tenant": "acme", "key": first}).status_code, 401)
        self.log_in("acme", second)

    def test_weak_keys_and_strange_names_are_refused(self):
        for key, name in (("short", "acme"), ("x" * 40, "acme"), (secrets.token_urlsafe(32), "a b")):
            with self.assertRaisesRegex(CommandError, "refused"):
                self.ensure(key, name)


class Deployment(SimpleTestCase):
    databases = ("default",)

    def test_djangos_deployment_check_has_nothing_to_say(self):
        call_command("check", "--deploy", "--fail-level", "WARNING", stdout=StringIO(), stderr=StringIO())

    def test_the_migrations_match_the_models(self):
        call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())

import re
import tempfile
from io import StringIO

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client, SimpleTestCase, TestCase

from hub.models import Device

PASSWORD = "correct horse battery"


class Pages(TestCase):
    def setUp(self):
        self.user = get_user_model().objects.create_superuser("owner", password=PASSWORD)
        self.client = Client(HTTP_HOST="devicehub.localhost", HTTP_X_FORWARDED_PROTO="https")

    def test_log_in_create_a_device_and_see_its_token_once(self):
        self.assertRedirects(self.client.get("/devices/"), "/login/?next=/devices/", fetch_redirect_response=False)
        self.client.post("/login/?next=/devices/", {"username": "owner", "password": PASSWORD, "next": "/devices/"})
        page = self.client.post("/devices/", {"name": "pump"}).content.decode()
        token = re.search(r"dht_[\w-]+", page)[0]
        self.assertNotIn(token, self.client.get("/devices/").content.decode())
        device = Device.objects.for_token(Device.objects.get().id, token)
        self.assertContains(self.client.get(f"/devices/{device.id}/"), "pump")

    def test_the_same_name_twice_is_an_error_on_the_page(self):
        self.client.force_login(self.user)
        self.client.post("/devices/", {"name": "pump"})
        self.assertContains(self.client.post("/devices/", {"name": "pump"}), "errorlist")
        self.assertEqual(Device.objects.count(), 1)

    def test_cookies_are_secure(self):
        answer = self.client.post("/login/", {"username": "owner", "password": PASSWORD})
        cookies = [answer.cookies["sessionid"], answer.cookies["csrftoken"]]
        self.assertTrue(all(cookie["secure"] and cookie["httponly"] for cookie in cookies))

    def test_no_page_has_anything_inline(self):
        """A content security policy without unsafe-inline must not break a page."""
        self.client.force_login(self.user)
        device, _ = Device.objects.create_with_token(self.user, "pump")
        paths = [
            "/devices/",
            f"/devices/{device.id}/",
            "/admin/",
            "/admin/hub/device/",
            "/admin/hub/message/",
            f"/admin/hub/device/{device.id}/change/",
            "/admin/auth/user/add/",
        ]
        for path, client in [
            *((path, self.client) for path in paths),
            ("/login/", Client()),
            ("/admin/login/", Client()),
        ]:
            with self.subTest(path=path):
                page = client.get(path, headers={"host": "devicehub.localhost"})
                self.assertEqual(page.status_code, 200)
                self.assertNotRegex(
                    page.content.decode(), r"<script(?![^>]*(src=|application/json))|<style|\sstyle=|\son\w+="
                )

    def test_the_admin_makes_no_devices(self):
        self.client.force_login(self.user)
        self.assertEqual(self.client.get("/admin/hub/device/add/").status_code, 403)

    def test_static_files_have_content_hashes_and_exist(self):
        page = self.client.get("/login/").content.decode()
        name = re.search(r'href="/static/(hub/hub\.[0-9a-f]{12}\.css)"', page)[1]
        self.assertTrue((settings.STATIC_ROOT / name).is_file())

    def test_an_unknown_host_is_refused(self):
        self.assertEqual(Client(HTTP_HOST="elsewhere.example").get("/login/").status_code, 400)


class EnsureUser(TestCase):
    def ensure(self, password, *options):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(password + "\n")
            file.flush()
            out = StringIO()
            call_command("ensure_user", "--username", "ada", "--password-file", file.name, *options, stdout=out)
            return out.getvalue()

    def test_it_creates_changes_and_leaves_alone(self):
        self.assertIn("created", self.ensure(PASSWORD))
        self.assertIn("as it should be", self.ensure(PASSWORD))
        self.assertIn("changed", self.ensure(PASSWORD + "2", "--superuser"))
        user = get_user_model().objects.get()
        self.assertTrue(user.check_password(PASSWORD + "2") and user.is_superuser)

    def test_a_weak_password_is_refused(self):
        for password in ("", "password1234", "short"):
            with self.subTest(password=password), self.assertRaises(CommandError):
                self.ensure(password)
        self.assertFalse(get_user_model().objects.exists())

    def test_a_missing_file_is_refused(self):
        with self.assertRaisesRegex(CommandError, "cannot be read"):
            call_command("ensure_user", "--username", "ada", "--password-file", "/nowhere")


class Deployment(SimpleTestCase):
    def test_djangos_deployment_check_has_nothing_to_say(self):
        call_command("check", "--deploy", "--fail-level", "WARNING", stdout=StringIO(), stderr=StringIO())


class Migrations(TestCase):
    def test_the_migrations_match_the_models(self):
        call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())

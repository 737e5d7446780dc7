import json
from unittest import mock

from django.contrib.auth import get_user_model
from django.test import Client, TestCase

from hub.models import Device, Message, hash_token


class ApiCase(TestCase):
    def setUp(self):
        self.owner = get_user_model().objects.create_user("owner", password="correct horse battery")
        self.client = Client(HTTP_HOST="devicehub.localhost", HTTP_X_FORWARDED_PROTO="https")
        self.client.force_login(self.owner)

    def post(self, path, body, client=None, **headers):
        data = body if isinstance(body, str) else json.dumps(body)
        return (client or self.client).post(path, data, content_type="application/json", headers=headers)


class Devices(ApiCase):
    def test_a_device_is_created_and_its_token_is_not_stored(self):
        answer = self.post("/api/devices/", {"name": "pump"})
        self.assertEqual(answer.status_code, 201)
        token = answer.json()["token"]
        self.assertRegex(token, r"^dht_[A-Za-z0-9_-]{43}$")
        device = Device.objects.get()
        self.assertEqual((device.name, device.owner, device.token_hash), ("pump", self.owner, hash_token(token)))
        self.assertNotIn(token, [str(value) for value in vars(device).values()])

    def test_the_list_has_ones_own_devices_and_no_token(self):
        self.post("/api/devices/", {"name": "pump"})
        Device.objects.create_with_token(get_user_model().objects.create_user("other"), "valve")
        devices = self.client.get("/api/devices/").json()["devices"]
        self.assertEqual([set(device) for device in devices], [{"id", "name", "created"}])
        self.assertEqual(devices[0]["name"], "pump")

    def test_a_bad_name_is_refused(self):
        self.post("/api/devices/", {"name": "taken"})
        for body in ({}, {"name": ""}, {"name": 5}, {"name": "x" * 101}, {"name": "a\x00b"}, {"name": "taken"}):
            with self.subTest(body=body):
                answer = self.post("/api/devices/", body)
                self.assertEqual(answer.status_code, 400)
                self.assertIn("errors", answer.json())

    def test_a_body_that_is_no_json_object_is_refused(self):
        for body in ("", "{", "[]", "null", "[" * 100_000):
            with self.subTest(body=body[:5]):
                self.assertEqual(self.post("/api/devices/", body).status_code, 400)

    def test_who_is_not_logged_in_gets_401(self):
        stranger = Client(HTTP_HOST="devicehub.localhost")
        self.assertEqual(stranger.get("/api/devices/").status_code, 401)
        self.assertEqual(self.post("/api/devices/", {"name": "x"}, client=stranger).status_code, 401)

    def test_other_methods_are_refused(self):
        self.assertEqual(self.client.delete("/api/devices/").status_code, 405)


class Messages(ApiCase):
    def setUp(self):
        super().setUp()
        self.device, self.token = Device.objects.create_with_token(self.owner, "pump")
        self.path = f"/api/devices/{self.device.id}/messages/"

    def test_the_owner_posts_and_reads(self):
        answer = self.post(self.path, {"body": "open"})
        self.assertEqual(answer.status_code, 201)
        self.assertEqual(Message.objects.get().sender, "owner")
        self.assertEqual(self.client.get(self.path).json()["messages"], [answer.json()])

    def test_the_device_posts_with_its_token(self):
        answer = self.post(
            self.path,
            {"body": "20 bar"},
            client=Client(),
            host="devicehub.localhost",
            authorization=f"Token {self.token}",
        )
        self.assertEqual(answer.status_code, 201)
        self.assertEqual(answer.json()["sender"], "device pump")

    def test_a_token_opens_only_its_own_device(self):
        other, _ = Device.objects.create_with_token(self.owner, "valve")
        for path, token in (
            (f"/api/devices/{other.id}/messages/", self.token),
            (self.path, "dht_wrong"),
            (self.path, ""),
        ):
            with self.subTest(token=token[:8]):
                answer = self.post(path, {"body": "x"}, authorization=f"Token {token}")
                self.assertEqual(answer.status_code, 401)

    def test_an_inactive_owners_devices_are_locked_out(self):
        self.owner.is_active = False
        self.owner.save()
        self.assertEqual(self.post(self.path, {"body": "x"}, authorization=f"Token {self.token}").status_code, 401)

    def test_a_strangers_device_does_not_exist(self):
        self.client.force_login(get_user_model().objects.create_user("stranger"))
        self.assertEqual(self.client.get(self.path).status_code, 404)

    def test_a_session_without_csrf_token_cannot_post(self):
        strict = Client(enforce_csrf_checks=True, HTTP_HOST="devicehub.localhost", HTTP_X_FORWARDED_PROTO="https")
        strict.force_login(self.owner)
        self.assertEqual(self.post(self.path, {"body": "x"}, client=strict).status_code, 403)
        self.assertFalse(Message.objects.exists())

    def test_a_bad_body_is_refused(self):
        for body in ({}, {"body": ""}, {"body": ["x"]}, {"body": "x" * 2001}, {"body": "\x00"}, {"body": "\ud800"}):
            with self.subTest(body=str(body)[:20].encode(errors="replace")):
                self.assertEqual(self.post(self.path, body).status_code, 400)
        self.assertFalse(Message.objects.exists())

    def test_a_message_survives_a_channel_layer_that_is_gone(self):
        layer = mock.Mock(group_send=mock.AsyncMock(side_effect=ConnectionError("gone")))
        with mock.patch("hub.exchange.get_channel_layer", return_value=layer), self.assertLogs("hub.exchange", "ERROR"):
            self.assertEqual(self.post(self.path, {"body": "kept"}).status_code, 201)
        self.assertEqual(Message.objects.get().body, "kept")

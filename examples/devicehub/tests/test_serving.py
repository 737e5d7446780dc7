"""Against replicas as they run in production, with Postgres and Redis behind wires that can be cut."""

import json
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client, TransactionTestCase
from testing import Wire

from hub.models import Device, Message

from .support import HOST, ORIGIN, ClosedError, RefusedError, Replica, WebSocket, test_database_url, wait_until


def token_header(token: str) -> dict[str, str]:
    return {"Authorization": f"Token {token}"}


class ServingCase(TransactionTestCase):
    def setUp(self):
        self.owner = get_user_model().objects.create_user("owner")
        self.device, self.token = Device.objects.create_with_token(self.owner, "pump")
        self.device_path = f"/ws/devices/{self.device.id}/"
        self.hub_path = f"/ws/hub/{self.device.id}/"

    def cookie(self, user=None) -> dict[str, str]:
        client = Client()
        client.force_login(user or self.owner)
        return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}

    def replica(self, name: str, **environment: str) -> Replica:
        return self.enterContext(Replica(name, **environment))

    def socket(self, replica: Replica, path: str, **headers: str) -> WebSocket:
        opened = self.enterContext(WebSocket(replica.port, path, **headers))
        self.assertEqual(opened.receive(), {"type": "hello", "device": str(self.device.id), "replica": replica.name})
        return opened


class WebSockets(ServingCase):
    def test_a_message_crosses_replicas_and_is_stored(self):
        one, two = self.replica("one"), self.replica("two")
        device = self.socket(one, self.device_path, **token_header(self.token))
        browser = self.socket(two, self.hub_path, Origin=ORIGIN, **self.cookie())
        device.send(body="20 bar")
        seen = browser.receive()
        self.assertEqual((seen["body"], seen["sender"]), ("20 bar", "device pump"))
        self.assertEqual((seen["handled_by"], seen["delivered_by"]), ("one", "two"))
        self.assertEqual(device.receive()["delivered_by"], "one")
        browser.send(body="open the valve")
        answer = device.receive()
        self.assertEqual((answer["sender"], answer["handled_by"], answer["delivered_by"]), ("owner", "two", "one"))
        self.assertEqual(
            list(Message.objects.values_list("body", "replica")), [("open the valve", "two"), ("20 bar", "one")]
        )

    def test_who_may_not_enter_is_refused_at_the_handshake(self):
        replica = self.replica("one")
        stranger = self.cookie(get_user_model().objects.create_user("stranger"))
        refused = {
            "no token": (self.device_path, {}),
            "wrong token": (self.device_path, token_header("dht_wrong")),
            "wrong scheme": (self.device_path, {"Authorization": f"Bearer {self.token}"}),
            "token in the query": (f"{self.device_path}?token={self.token}", {}),
            "session where a token is wanted": (self.device_path, {"Origin": ORIGIN, **self.cookie()}),
            "no session": (self.hub_path, {"Origin": ORIGIN}),
            "no origin": (self.hub_path, self.cookie()),
            "another origin": (self.hub_path, {"Origin": "https://evil.example", **self.cookie()}),
            "plain HTTP origin": (self.hub_path, {"Origin": f"http://{HOST}", **self.cookie()}),
            "another user": (self.hub_path, {"Origin": ORIGIN, **stranger}),
            "unknown path": ("/ws/other/", token_header(self.token)),
        }
        for reason, (path, headers) in refused.items():
            with self.subTest(reason), self.assertRaisesRegex(RefusedError, "403"):
                WebSocket(replica.port, path, **headers)

    def test_a_bad_message_is_answered_and_the_connection_stays(self):
        device = self.socket(self.replica("one"), self.device_path, **token_header(self.token))
        for content in (
            {"text": "x"},
            {"body": ""},
            {"body": 5},
            {"body": "x" * 2001},
            {"body": "\x00"},
            {"body": "\ud800"},
        ):
            device.send(**content)
            self.assertEqual(device.receive()["type"], "error")
        device.send(body="fine")
        self.assertEqual(device.receive()["body"], "fine")

    def test_an_idle_connection_outlives_the_channel_layers_blocking_read(self):
        """redis-py 8 ends reads after five seconds unless told otherwise (channels_redis issue 422)."""
        device = self.socket(self.replica("one"), self.device_path, **token_header(self.token))
        time.sleep(6.5)
        device.send(body="still here")
        self.assertEqual(device.receive()["body"], "still here")


class Logs(ServingCase):
    def test_every_line_is_json_with_the_request_id_and_without_secrets(self):
        with Replica("one") as replica:
            replica.get("/login/?password=hunter2", **{"X-Request-ID": "req-42", **token_header(self.token)})
            replica.get(f"/nowhere/{self.token}/")
            with WebSocket(
                replica.port, self.device_path, **{"X-Request-ID": "ws-7", **token_header(self.token)}
            ) as device:
                device.receive()
            wait_until(lambda: any("websocket closed" in line for line in replica.lines), 20)
            replica.process.send_signal(signal.SIGTERM)
            replica.process.wait(15)
        lines = [json.loads(line) for line in replica.lines]
        requests = {line["request_id"]: line for line in lines if line["logger"] == "devicehub.access"}
        self.assertEqual((requests["req-42"]["path"], requests["req-42"]["status"]), ("/login/", 200))
        self.assertEqual(requests["ws-7"]["method"], "WEBSOCKET")
        self.assertTrue(any(line["message"] == "websocket opened" and line["request_id"] == "ws-7" for line in lines))
        self.assertTrue(all(line["replica"] == "one" for line in lines))
        text = "".join(replica.lines)
        self.assertNotIn("hunter2", text)
        self.assertNotIn(self.token, text)
        self.assertNotIn(settings.SECRET_KEY, text)

    def test_the_request_id_is_returned_and_a_strange_one_is_replaced(self):
        replica = self.replica("one")
        for given, kept in (("req-42", True), ("a" * 65, False), ('x"y', False), (None, False)):
            with self.subTest(given), socket.create_connection(("127.0.0.1", replica.port)) as wire:
                header = f"X-Request-ID: {given}\r\n" if given else ""
                wire.sendall(f"GET /health/live HTTP/1.1\r\nHost: {HOST}\r\n{header}Connection: close\r\n\r\n".encode())
                answer = b"".join(iter(lambda: wire.recv(4096), b"")).decode().lower()
                returned = answer.split("x-request-id: ")[1].split("\r\n")[0]
                self.assertEqual(returned == given, kept)
                self.assertRegex(returned, r"^[a-z0-9._-]{1,64}$")


class Readiness(ServingCase):
    # Milliseconds: half of what a question to a dependency may take, for a probe does not wait for one that hangs.
    LIMIT = 1500

    def assert_ready(self, replica: Replica, status: int) -> list[float]:
        """Twenty probes: all of that status, and as a rule without waiting for an answer."""
        answers = [replica.timed("/health/ready") for _ in range(20)]
        self.assertEqual({code for code, _ in answers}, {status})
        times = sorted(elapsed for _, elapsed in answers)
        self.assertLess(times[10], self.LIMIT)
        return times

    def test_ready_follows_each_dependency_and_answers_at_once(self):
        wires = {
            "database": Wire(test_database_url()),
            "cache": Wire(settings.CACHE_URL),
            "channels": Wire(settings.CHANNEL_URL),
        }
        for wire in wires.values():
            self.addCleanup(wire.cut)
        variables = {"database": "DATABASE_URL", "cache": "CACHE_URL", "channels": "CHANNEL_URL"}
        replica = self.replica("one", **{variables[name]: wire.url for name, wire in wires.items()})
        wait_until(lambda: replica.get("/health/ready")[0] == 200, 20)
        report = {"everything there": self.assert_ready(replica, 200)}
        for name, wire in wires.items():
            wire.cut()
            noticed = wait_until(lambda: replica.timed("/health/ready")[0] == 503, 20)
            report[f"{name} refuses (noticed after {noticed:.2f} s)"] = self.assert_ready(replica, 503)
            detail = json.loads(replica.get("/health/detail")[1])["dependencies"]
            self.assertEqual([key for key, state in detail.items() if state != "ok"], [name])
            wire.mend()
            back = wait_until(lambda: replica.get("/health/ready")[0] == 200, 20)
            wire.freeze()
            noticed = wait_until(lambda: replica.timed("/health/ready")[0] == 503, 20)
            report[f"{name} hangs (back after {back:.2f} s, noticed after {noticed:.2f} s)"] = self.assert_ready(
                replica, 503
            )
            self.assertEqual(replica.get("/health/live")[0], 200)
            wire.mend()
            wait_until(lambda: replica.get("/health/ready")[0] == 200, 20)
        for situation, times in report.items():
            print(f"\n  ready, {situation}: median {times[10]:.1f} ms, longest {times[-1]:.1f} ms", end="")

    def test_unknown_health_paths_are_not_found(self):
        self.assertEqual(self.replica("one").get("/health/other")[0], 404)


class Connections(ServingCase):
    def test_many_requests_share_few_connections(self):
        database, cache = Wire(test_database_url()), Wire(settings.CACHE_URL)
        self.addCleanup(database.cut)
        self.addCleanup(cache.cut)
        replica = self.replica("one", DATABASE_URL=database.url, CACHE_URL=cache.url, MAX_REQUESTS="4")
        cookie = self.cookie()
        with ThreadPoolExecutor(16) as clients:
            statuses = list(clients.map(lambda _: replica.get("/api/devices/", **cookie)[0], range(100)))
        self.assertEqual(set(statuses), {200})
        self.assertLessEqual(database.connections, 4 + 2)
        self.assertLessEqual(cache.connections, 4)


class Draining(ServingCase):
    def slow_upload(self, replica: Replica) -> socket.socket:
        """A request whose headers have arrived and whose body has not."""
        wire = socket.create_connection(("127.0.0.1", replica.port), timeout=10)
        self.addCleanup(wire.close)
        head = [f"POST /api/devices/{self.device.id}/messages/ HTTP/1.1", f"Host: {HOST}", "Content-Length: 16"]
        head += [f"Authorization: Token {self.token}", "Content-Type: application/json", "", ""]
        wire.sendall("\r\n".join(head).encode())
        time.sleep(1)
        return wire

    def refuses(self, replica: Replica) -> bool:
        try:
            socket.create_connection(("127.0.0.1", replica.port)).close()
        except ConnectionRefusedError:
            return True
        return False

    def test_websockets_are_told_and_requests_are_finished(self):
        replica = self.replica("one")
        device = self.socket(replica, self.device_path, **token_header(self.token))
        idle = socket.create_connection(("127.0.0.1", replica.port))
        self.addCleanup(idle.close)
        upload = self.slow_upload(replica)
        replica.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        with self.assertRaises(ClosedError) as closed:
            device.receive()
        told = time.monotonic() - started
        self.assertEqual(closed.exception.code, 1012)
        wait_until(lambda: self.refuses(replica), 20)
        time.sleep(1)
        self.assertIsNone(replica.process.poll())
        upload.sendall(b'{"body": "kept"}')
        answered = b"".join(iter(lambda: upload.recv(4096), b""))
        self.assertIn(b"201 Created", answered)
        self.assertIn(b"connection: close", answered.lower())
        finished = time.monotonic()
        self.assertEqual(replica.process.wait(15), 0)
        self.assertEqual(Message.objects.get().body, "kept")
        print(
            f"\n  drain: close frame after {told * 1000:.0f} ms, exit {(time.monotonic() - finished) * 1000:.0f} ms "
            "after the last answer",
            end="",
        )

    def test_nothing_to_do_means_a_quick_exit(self):
        replica = self.replica("one")
        replica.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        self.assertEqual(replica.process.wait(15), 0)
        print(f"\n  drain: idle replica gone after {(time.monotonic() - started) * 1000:.0f} ms", end="")

    def test_a_client_that_never_finishes_is_cut_off_at_the_deadline(self):
        replica = self.replica("one", DRAIN_TIMEOUT="1")
        self.slow_upload(replica)
        replica.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        self.assertEqual(replica.process.wait(15), 0)
        self.assertGreater(time.monotonic() - started, 0.9)

    def test_a_second_signal_stops_at_once(self):
        replica = self.replica("one")
        self.slow_upload(replica)
        replica.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        replica.process.send_signal(signal.SIGTERM)
        self.assertEqual(replica.process.wait(15), 0)

    def test_a_router_that_watches_readiness_loses_no_request(self):
        replica = self.replica("one", DRAIN_DELAY="5")
        answered, lost, in_rotation, ended = [], [], threading.Event(), threading.Event()

        def send_requests():
            while not ended.is_set():
                if in_rotation.wait(0.2):
                    status = replica.get("/login/")[0]
                    (answered if status == 200 else lost).append(status)

        def watch_readiness():
            while not ended.is_set():
                ready = replica.get("/health/ready")[0] == 200
                (in_rotation.set if ready else in_rotation.clear)()
                time.sleep(0.2)

        threads = [threading.Thread(target=work) for work in (watch_readiness, *[send_requests] * 8)]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: len(answered) > 40, 60)
            replica.process.send_signal(signal.SIGTERM)
            self.assertEqual(replica.process.wait(15), 0)
        finally:
            ended.set()
            for thread in threads:
                thread.join(15)
        self.assertEqual(lost, [])
        print(f"\n  drain: {len(answered)} requests answered, {len(lost)} lost while stopping", end="")

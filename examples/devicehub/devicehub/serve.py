"""Daphne with a graceful stop: `python -m devicehub.serve` takes Daphne's own arguments.

On SIGTERM Daphne cancels every request it is working on and drops WebSockets without a close frame. This server
instead
1. says that it is not ready and serves on for DRAIN_DELAY seconds, until the router sends nothing new: whoever is in
   the queue of a socket that closes gets a reset, so there should be nobody in it;
2. stops listening, tells WebSockets to reconnect (close code 1012, "service restart") and finishes what it has begun;
3. exits. After DRAIN_TIMEOUT seconds, or on a second signal, what is left is cut off.
"""

import logging
import os
import signal
import time

from daphne.cli import CommandLineInterface
from daphne.server import Server, twisted_loop
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet import reactor

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "devicehub.settings")

from .health import health

logger = logging.getLogger(__name__)

SERVICE_RESTART = 1012
POLL = 0.05


class DrainingServer(Server):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs, signal_handlers=False)
        self.ports = []
        self.deadline = None

    def run(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            twisted_loop.add_signal_handler(number, self.drain)
        super().run()

    def listen_success(self, port):
        self.ports.append(port)
        super().listen_success(port)

    def drain(self):
        if self.deadline is not None:
            logger.warning("second signal: stopping at once")
            self.stop()
            return
        logger.info("draining", extra={"connections": len(self.unfinished())})
        health.draining = True
        self.deadline = time.monotonic() + settings.DRAIN_DELAY + settings.DRAIN_TIMEOUT
        reactor.callLater(settings.DRAIN_DELAY, self.stop_listening)

    def stop_listening(self):
        for port in self.ports:
            port.stopListening()
        self.wait_until_drained()

    def unfinished(self):
        """Connections that are open, or whose application has not returned."""
        return [
            connection
            for connection, details in self.connections.items()
            if "disconnected" not in details
            or ("application_instance" in details and not details["application_instance"].done())
        ]

    def wait_until_drained(self):
        unfinished = self.unfinished()
        for connection in unfinished:
            if isinstance(connection, WebSocketProtocol):
                if connection.state == connection.STATE_OPEN:
                    # Not sendClose(): Autobahn lets applications send only 1000 and 3000 to 4999 with it.
                    connection.sendCloseFrame(code=SERVICE_RESTART, reasonUtf8=b"service restart", isReply=False)
            elif connection.channel is not None:
                connection.channel.persistent = False
                connection.responseHeaders.setRawHeaders(b"connection", [b"close"])
        # A transport is among the writers while it holds bytes that were not sent yet.
        if (unfinished or reactor.getWriters()) and time.monotonic() < self.deadline:
            reactor.callLater(POLL, self.wait_until_drained)
            return
        logger.info("stopping", extra={"cut_off": len(unfinished)})
        self.stop()

    def kill_all_applications(self):
        # Daphne's own expects an application in every entry and fails on one that has none any more.
        self.connections = {c: details for c, details in self.connections.items() if "application_instance" in details}
        return super().kill_all_applications()


class DrainingCommandLine(CommandLineInterface):
    server_class = DrainingServer


if __name__ == "__main__":
    DrainingCommandLine.entrypoint()

"""Check Patroni's configuration as `patroni --validate-config` does, without asking the network.

Patroni's own check connects to etcd and binds its ports; the container that tries new files has no network at all.
"""

import socket
import sys

from patroni.config import Config
from patroni.exceptions import ConfigParseError
from patroni.validator import populate_validate_params, schema


def resolve(host, port, *_):
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host or "0.0.0.0", port))]


socket.getaddrinfo = resolve
socket.socket.connect_ex = lambda *_: 0
populate_validate_params(ignore_listen_port=True)
try:
    Config(sys.argv[1], validator=schema)
except ConfigParseError as error:
    sys.exit(error.value)

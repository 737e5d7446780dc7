"""Gunicorn reads this by itself; what a process should run with is in slipway.yml."""

from dbconsole.logs import configuration
from dbconsole.settings import SETTINGS

logconfig_dict = configuration(SETTINGS)
# Nobody controls a replica over a socket.
control_socket_disable = True

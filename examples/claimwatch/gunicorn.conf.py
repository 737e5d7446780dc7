"""Gunicorn reads this by itself; what a process should run with is in slipway.yml."""

from claimwatch.settings import LOGGING

logconfig_dict = LOGGING
# Nobody controls a replica over a socket.
control_socket_disable = True

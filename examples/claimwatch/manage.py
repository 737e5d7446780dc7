#!/usr/bin/env python3
"""Django's command line."""

import os
import sys

from django.core.management import execute_from_command_line

# These change the schema: they talk to Postgres itself, not to the transaction pool.
DIRECT_COMMANDS = {"migrate", "flush", "dbshell"}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "claimwatch.settings")
    if sys.argv[1:2] and sys.argv[1] in DIRECT_COMMANDS:
        os.environ["DATABASE_USE_DIRECT"] = "true"
    execute_from_command_line(sys.argv)

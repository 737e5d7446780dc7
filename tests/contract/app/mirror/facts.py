"""What a process finds: environment, arguments, user, mounts, files; and ways to try the stores.

``python -m mirror.facts NAME …`` is a process without a port. It writes what it finds to the shared volume, and how it
ended once it was asked to.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

SHARED = Path("/srv/shared")


def server_argv():
    """Arguments of the process that docker-init started: the container's own."""
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda entry: int(entry.name)):
        status = (process / "status").read_text()
        if "\nPPid:\t1\n" in status:
            return (process / "cmdline").read_bytes().decode().split("\0")[:-1]
    return []


def file_facts(path):
    status = os.stat(path)
    facts = {"uid": status.st_uid, "gid": status.st_gid, "mode": f"{status.st_mode & 0o7777:04o}"}
    return facts if os.path.isdir(path) else {**facts, "content": Path(path).read_text()}


def facts():
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return {
        "argv": server_argv(),
        "environ": dict(os.environ),
        "user": f"{os.getuid()}:{os.getgid()}",
        "python": ".".join(map(str, sys.version_info[:2])),
        "mounts": {mount[4]: mount[5] for mount in mounts},
        "began": time.time(),
    }


def database(variable):
    """Who and where we are over the connection that a variable names."""
    import psycopg

    with psycopg.connect(os.environ[variable], connect_timeout=5) as connection:
        question = "SELECT current_database(), current_user, (SELECT count(*) FROM pg_extension), inet_server_port()"
        name, user, extensions, port = connection.execute(question).fetchone()
        steps = connection.execute("SELECT to_regclass('public.steps')").fetchone()[0]
        ran = [row[0] for row in connection.execute("SELECT name FROM steps ORDER BY number")] if steps else []
        installed = [row[0] for row in connection.execute("SELECT extname FROM pg_extension ORDER BY extname")]
    return {"name": name, "user": user, "count": extensions, "port": port, "steps": ran, "extensions": installed}


def database_by_parts():
    """The same over the separate parts, past the pooler and through it."""
    import psycopg

    def one(host, port):
        given = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "sslmode": "SSLMODE", "sslrootcert": "CA"}
        options = {key: os.environ[f"DB_{part}"] for key, part in given.items()}
        with psycopg.connect(host=os.environ[host], port=os.environ[port], connect_timeout=5, **options) as connection:
            return connection.execute("SELECT 1").fetchone()[0]

    return {"pooled": one("DB_HOST", "DB_PORT"), "direct": one("DB_DIRECT_HOST", "DB_DIRECT_PORT")}


def redis_by_url(variable):
    import redis

    client = redis.Redis.from_url(os.environ[variable])
    client.set("mirror", "seen", ex=60)
    return client.get("mirror").decode()


def redis_by_parts(prefix):
    import redis

    part = {name: os.environ[f"{prefix}_{name}"] for name in ("HOST", "PORT", "USER", "PASSWORD", "CA")}
    client = redis.Redis(
        host=part["HOST"],
        port=int(part["PORT"]),
        username=part["USER"],
        password=part["PASSWORD"],
        ssl=True,
        ssl_ca_certs=part["CA"],
    )
    return client.incr("counted")


def redis_by_sentinel(prefix):
    """Ask Sentinel who leads, and that one to keep something; who Sentinel said it is, and what else it lets us do."""
    import redis

    part = {name: os.environ[f"{prefix}_{name}"] for name in ("USER", "PASSWORD", "CA", "SENTINELS", "MASTER")}
    tls = {"ssl": True, "ssl_ca_certs": part["CA"], "socket_timeout": 5}
    login = {"username": os.environ[f"{prefix}_SENTINEL_USER"], "password": os.environ[f"{prefix}_SENTINEL_PASSWORD"]}
    addresses = [(host, int(port)) for host, port in (one.split(":") for one in part["SENTINELS"].split(","))]
    sentinel = redis.Sentinel(
        addresses, sentinel_kwargs={**tls, **login}, username=part["USER"], password=part["PASSWORD"], **tls
    )
    master = sentinel.master_for(part["MASTER"])
    master.set("by-sentinel", "kept", ex=60)
    try:
        refused = str(sentinel.sentinels[0].execute_command("SENTINEL", "FAILOVER", part["MASTER"]))
    except redis.exceptions.NoPermissionError:
        refused = "no permission"
    return {
        "address": sentinel.discover_master(part["MASTER"]),
        "value": master.get("by-sentinel").decode(),
        "failover": refused,
    }


def note(name, content):
    SHARED.joinpath(name).write_text(json.dumps(content))


def main():
    ending = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, lambda received, _: ending.append(signal.Signals(received).name))
    replica = os.environ["HOSTNAME"].partition(".")[0]  # and the host's name behind it
    SHARED.joinpath(f"{replica}.ended").unlink(missing_ok=True)
    note(f"{replica}.json", {**facts(), "arguments": sys.argv[1:]})
    Path("/tmp/well").touch()
    while not ending:
        time.sleep(0.1)
    note(f"{replica}.ended", ending[0])


if __name__ == "__main__":
    main()

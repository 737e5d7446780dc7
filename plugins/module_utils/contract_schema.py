# ruff: noqa: E501 (descriptions are sentences; broken ones do not read as a table of keys)
"""The application contract as JSON Schema (draft 2020-12): documentation, defaults and validation at once.

What the schema cannot say (one route refers to one process, no two applications share a domain …) is in contract_checks.py.
A default that depends on another value is computed by ``contract.normalise`` and told in words by the description.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

ENV_NAME = "^[A-Za-z_][A-Za-z0-9_]*$"
NAME = "^[a-z][a-z0-9-]{0,30}$"
IDENTIFIER = "^[a-z_][a-z0-9_]{0,62}$"
ABSOLUTE = "^/"
SIZE = "^[0-9]+[kmgKMG]?$"
MODE = "^0?[0-7]{3}$"
DIRECTORY_MODE = "^[0-7]?[0-7]{3}$"

DATABASE_PARTS = "url direct_url host port direct_host direct_port name user password sslmode sslrootcert".split()
#: For clients that ask Sentinel where the master is.
SENTINEL_PARTS = "sentinels master sentinel_user sentinel_password".split()
REDIS_PARTS = ["url", "host", "port", "user", "password", "sslrootcert", *SENTINEL_PARTS]

DATABASE_ENV = {"url": "DATABASE_URL", "direct_url": "DATABASE_DIRECT_URL"}


def redis_env(service: str) -> dict[str, str]:
    """The default of ``redis.SERVICE.env``."""
    return {"url": f"{service.upper().replace('-', '_')}_URL"}


def text(description: str, **more: Any) -> Schema:
    return {"type": "string", "minLength": 1, "description": description, **more}


def number(description: str, **more: Any) -> Schema:
    return {"type": "integer", "description": description, **more}


def flag(description: str, default: bool) -> Schema:
    return {"type": "boolean", "description": description, "default": default}


def record(description: str, properties: Schema, required: str = "", **more: Any) -> Schema:
    """An object with exactly these keys."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
        **more,
    }


def mapping(description: str, names: str, values: Schema, **more: Any) -> Schema:
    """An object whose keys the author chooses."""
    return {
        "type": "object",
        "description": description,
        "propertyNames": {"pattern": names},
        "additionalProperties": values,
        **more,
    }


def listing(description: str, items: Schema, **more: Any) -> Schema:
    return {"type": "array", "description": description, "items": items, **more}


def optional(schema: Schema) -> Schema:
    """May be left out, which is the same as null."""
    return {**schema, "type": [schema["type"], "null"], "default": None}


def exactly_one(*keys: str) -> Schema:
    return {"oneOf": [{"required": [key]} for key in keys]}


def command(description: str, **more: Any) -> Schema:
    part = {"type": ["string", "number"], "description": "One word of the command; no shell reads it."}
    return listing(description, part, minItems=1, **more)


def variables(description: str) -> Schema:
    value = {"type": ["string", "number"], "description": "Passed as it is. JSON is given as text, in quotes."}
    return mapping(description, ENV_NAME, value, default={})


def parts(description: str, names: list[str], **more: Any) -> Schema:
    """Part of a connection to the variable that gets it."""
    one = {"type": "string", "pattern": ENV_NAME, "description": "Name of the environment variable."}
    return record(description, dict.fromkeys(names, one), **more)


DEBIAN_PACKAGE = text("Name of a package.", pattern="^[a-z0-9][a-z0-9+.-]+$")

IMAGE = record(
    "Where the image comes from: built here, or by reference.",
    {
        "build": record(
            "Built on the control machine or the hosts. The Dockerfile gets the build arguments BASE (the kit's Python image) and BUILD (its build stage).",
            {
                "context": text("Directory with the Dockerfile; absolute, or relative to the root of this repository."),
                "debian": {
                    "type": "string",
                    "enum": ["trixie", "bookworm"],
                    "description": "Debian's release in BASE and BUILD: trixie brings Python 3.13, bookworm 3.11. A Dockerfile may start from something else altogether.",
                    "default": "trixie",
                },
                "packages": listing(
                    "Debian packages that BASE has beside Python and libpq.", DEBIAN_PACKAGE, default=[]
                ),
                "build_packages": listing(
                    "Debian packages that BUILD has beside a compiler; none of them is in the image that runs.",
                    DEBIAN_PACKAGE,
                    default=[],
                ),
                "dockerfile": text("Name of the Dockerfile within the context.", default="Dockerfile"),
                "args": {
                    **variables("Build arguments."),
                    "description": "Build arguments. They stay in the image's history: never a secret.",
                },
            },
            "context",
        ),
        "reference": text("An image that exists, by digest: repository@sha256:…", pattern="@sha256:[0-9a-f]{64}$"),
    },
    **exactly_one("build", "reference"),
)

PROBE = record(
    "How to tell that a replica is ready: an HTTP path, a command, or a reason why there is no way.",
    {
        "path": text("Asked over HTTP on the process's port.", pattern=ABSOLUTE),
        "host": optional(text("The Host header. Default: the application's first domain.")),
        "headers": mapping("Further request headers.", "^[A-Za-z0-9-]+$", {"type": ["string", "number"]}, default={}),
        "status": number("The status that is expected.", minimum=100, maximum=599, default=200),
        "body": {"type": "string", "description": "Text that the answer must contain.", "default": ""},
        "command": command("Run in the container; status 0 means ready."),
        "none": text("Why the process cannot be probed.", minLength=10),
        "interval": number("Seconds between two probes.", minimum=1, default=5),
        "timeout": number("Seconds until a probe counts as failed.", minimum=1, default=3),
        "retries": number("Failed probes in a row until the replica counts as unhealthy.", minimum=1, default=3),
        "start_period": number("Seconds after the start in which failed probes do not count.", minimum=0, default=60),
    },
    **exactly_one("path", "command", "none"),
)

PROCESS = record(
    "One kind of process: its replicas are containers of the same image with the same command.",
    {
        "server": {
            "type": "string",
            "enum": ["daphne", "gunicorn", "uvicorn"],
            "description": "The server that runs `application`. Or give `command`.",
        },
        "application": text(
            "What the server loads: package.module:attribute.", pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.()]*$"
        ),
        "workers": number("Worker processes of gunicorn or uvicorn in each replica.", minimum=1, default=1),
        "options": listing("Further arguments of the server.", {"type": ["string", "number"]}, default=[]),
        "command": command("The whole command, in place of `server`."),
        "port": optional(
            number(
                "Where the process listens. Needed by a server, a route and an HTTP probe.", minimum=1024, maximum=65535
            )
        ),
        "replicas": optional(
            number("Containers on each app host. Default: 2 for a process with a route, otherwise 1.", minimum=1)
        ),
        "singleton": flag(
            "There is at most one in the environment at any time, as with a scheduler. Containers on further hosts stand by, and one takes over when a host dies.",
            default=False,
        ),
        "order": number("Lower ones start first, and the next wait until they are healthy.", default=10),
        "probe": PROBE,
        "memory": text("Memory limit of a replica.", pattern=SIZE, default="256m"),
        "cpus": {"type": "number", "exclusiveMinimum": 0, "description": "Processor limit of a replica.", "default": 1},
        "pids": number("Limit of processes and threads in a replica.", minimum=2, default=128),
        "stop_signal": text("The signal that asks the process to end.", pattern="^SIG[A-Z0-9]+$", default="SIGTERM"),
        "stop_grace": number("Seconds until a process that was asked to end is killed.", minimum=1, default=30),
        "observe": number(
            "Seconds for which a new replica has to stay well, once it is ready, before it gets requests.",
            minimum=0,
            default=5,
        ),
        "drain": number(
            "Seconds that requests under way get, once no new ones come, before the process is asked to end.",
            minimum=0,
            default=10,
        ),
        "env": variables("Environment variables of this process, added to the application's. Never a secret."),
    },
    "probe",
    **exactly_one("server", "command"),
)

RELEASE_STEP = record(
    "A one-off command.",
    {
        "name": text("What it is called in logs and in the record of what ran.", pattern=NAME),
        "command": command("The command."),
        "timeout": number("Seconds after which it is given up.", minimum=1, default=600),
        "expand": optional(
            flag("Whether the version before can live with what it did: it only adds. Unstated: nobody knows.", False)
        ),
        "reversible": optional(command("The command that undoes it, to be told to whoever has to.")),
    },
    "name command",
)

CHECK = record(
    "A command that judges a new version.",
    {
        "name": text("What it is called in messages.", pattern=NAME),
        "command": command("The command. It must change nothing."),
        "timeout": number("Seconds after which it is given up.", minimum=1, default=120),
    },
    "name command",
)

#: Name of the process that runs what is scheduled.
SCHEDULE = "schedule"
CRON_PART = r"(\*|[0-9]{1,2}(-[0-9]{1,2})?)(/[0-9]{1,2})?"

SCHEDULED = record(
    "A command that runs again and again, in one container of the environment.",
    {
        "name": text("What it is called in logs.", pattern=NAME),
        "cron": text(
            "When, in UTC: minute, hour, day of month, month, day of week (0 or 7 is Sunday), as in a crontab. Of names none.",
            pattern=rf"^{CRON_PART}(,{CRON_PART})*( {CRON_PART}(,{CRON_PART})*){{4}}$",
        ),
        "command": command("The command."),
        "timeout": number("Seconds after which it is given up.", minimum=1, default=3600),
    },
    "name cron command",
)

MIGRATIONS = record(
    "How a replica keeps off a database whose schema is not that of its code.",
    {
        "check": command(
            "Ends with a status other than 0 while migrations are pending: the replica then refuses to serve."
        ),
        "apply": optional(command("Migrates. Needed by `on_start`.")),
        "on_start": flag("Migrate when a replica starts, under an advisory lock, rather than refuse.", default=False),
    },
    "check",
)

SECRET = record(
    "One secret of the application; it is called APPLICATION/NAME in the vault.",
    {
        "generate": {
            "type": ["integer", "boolean"],
            "minimum": 16,
            "description": "Length of a value that the kit may make up; false: the value comes from somebody else.",
            "default": 50,
        },
        "min_length": number("A shorter value is refused.", minimum=1, default=32),
        "env": {
            "type": ["string", "boolean"],
            "pattern": ENV_NAME,
            "description": "The variable that the entrypoint sets to the value. Default: the secret's name; false: none.",
        },
        "file": optional(text("Where the file is. Default: /run/secrets/NAME.", pattern=ABSOLUTE)),
    },
)

FILE = record(
    "A file that is rendered to any path, read-only.",
    {
        "path": text("Absolute path in the container.", pattern=ABSOLUTE),
        "content": {"type": "string", "description": "The whole content."},
        "mode": {"type": "string", "pattern": MODE, "description": "Permissions. Default: 0444; a secret one 0400."},
        "secret": flag("Keep the content out of diffs, logs and rendered documents.", default=False),
    },
    "path content",
)

VOLUME = record(
    "Storage that outlives containers. A new one begins with what the image has at the path.",
    {
        "name": text("Becomes part of the volume's name.", pattern=NAME),
        "path": text("Where it is mounted.", pattern=ABSOLUTE),
        "processes": optional(
            listing(
                "The processes that share it. Default: all. Checks and release commands have every one.",
                {"type": "string"},
                minItems=1,
            )
        ),
        "owner": text("uid:gid whose directory it is. Default: the user of the processes.", pattern="^[0-9]+:[0-9]+$"),
        "mode": optional(
            text("Permissions of the directory. Default: left as they are, 0755 at first.", pattern=DIRECTORY_MODE)
        ),
    },
    "name path",
)

DATABASE = record(
    "The application's own database and role. `{}` is enough.",
    {
        "name": text("Default: the application's name with _ for -.", pattern=IDENTIFIER),
        "user": text("Owner of the database. Default: the application's name with _ for -.", pattern=IDENTIFIER),
        "extensions": listing(
            "Extensions to create.", text("Name of an extension.", pattern="^[a-z][a-z0-9_-]*$"), default=[]
        ),
        "pool_size": number(
            "Server connections that pgbouncer keeps for the application on each app host.",
            minimum=1,
            maximum=500,
            default=20,
        ),
        "env": parts(
            "Which variables get which part of the connection; `direct_` goes past the pooler. Default: {url: DATABASE_URL, direct_url: DATABASE_DIRECT_URL}.",
            DATABASE_PARTS,
        ),
    },
)

REDIS = record(
    "One Redis service of the application, an instance of its own.",
    {
        "kind": {
            "type": "string",
            "enum": ["cache", "broker"],
            "description": "A cache may evict and keeps nothing; a broker evicts nothing and is kept on disk.",
        },
        "memory": text("Memory limit of an instance.", pattern=SIZE, default="64m"),
        "port": optional(
            number(
                "Default: derived from the names; state one where two services collide.", minimum=1024, maximum=65535
            )
        ),
        "env": parts(
            "Which variables get which part of the connection; `sentinels` is a list of host:port with commas between, `master` what Sentinel calls the service. Default: {url: SERVICE_URL}, as CACHE_URL.",
            REDIS_PARTS,
        ),
    },
    "kind",
)

ROUTE = record(
    "A path prefix and the process that answers it. The longest prefix wins.",
    {
        "path": text("Path prefix.", pattern=ABSOLUTE),
        "process": text("Name of a process."),
        "strip": flag("Take the prefix off before the request reaches the process.", default=False),
        "websocket": flag("Let connections be upgraded.", default=False),
        "timeout": number(
            "Seconds without a byte after which a request or WebSocket is given up.",
            minimum=1,
            default=60,
        ),
        "max_body": text("The largest request body.", pattern=SIZE, default="10m"),
        "rate_limit": {
            "type": "string",
            "enum": ["default", "login", "none"],
            "description": "Class of the rate limit.",
            "default": "default",
        },
        "mask": optional(text("Regular expression over the path; what its group matches is masked in the access log.")),
    },
    "path process",
)

STATIC = record(
    "Static files that nginx serves. They are taken out of the image.",
    {
        "url": text("Path prefix.", pattern="^/.*/$", default="/static/"),
        "path": text("Directory in the image.", pattern=ABSOLUTE),
    },
    "path",
)

HEADERS = record(
    "Security headers that differ from the kit's; each stands on every response, errors included.",
    {
        "content_security_policy": text(
            "Content-Security-Policy.",
            default="default-src 'self'; frame-ancestors 'none'; base-uri 'self'; object-src 'none'",
        ),
        "csp_report_only": flag("Report violations only.", default=False),
        "frame_options": {
            "type": "string",
            "enum": ["DENY", "SAMEORIGIN"],
            "description": "X-Frame-Options.",
            "default": "DENY",
        },
        "referrer_policy": text("Referrer-Policy.", default="strict-origin-when-cross-origin"),
        "permissions_policy": text(
            "Permissions-Policy.", default="camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        ),
        "hsts_max_age": number("Seconds of Strict-Transport-Security.", minimum=10000000, default=63072000),
    },
    default={},
)

CONTRACT_SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Application contract",
    **record(
        "What an application states so that the kit runs it.",
        {
            "version": text(
                "Version of the application. Never `latest`.",
                pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,62}$",
                **{"not": {"const": "latest"}},
            ),
            "image": IMAGE,
            "user": text(
                "uid:gid that runs every process.", pattern="^[1-9][0-9]*:[1-9][0-9]*$", default="10100:10100"
            ),
            "domains": listing(
                "The names under which it is reached; the first is its own.",
                text(
                    "A domain.",
                    pattern=r"^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$",
                ),
                default=[],
            ),
            "processes": mapping("What runs: name to process.", NAME, PROCESS, minProperties=1),
            "checks": listing(
                "Commands that judge a new version, with its settings and secrets, before anything is done for it.",
                CHECK,
                default=[],
            ),
            "release": listing(
                "Commands that run once per version, in order, before the first replica of it serves.",
                RELEASE_STEP,
                default=[],
            ),
            "migrations": optional(MIGRATIONS),
            SCHEDULE: listing(
                "Commands that run again and again, as a singleton process of the name schedule does. One that still runs is not started again.",
                SCHEDULED,
                default=[],
            ),
            "env": variables("Environment variables of every process. Never a secret."),
            "secrets": mapping("Secrets of the application.", ENV_NAME, SECRET, default={}),
            "files": listing("Files it expects at paths of its own.", FILE, default=[]),
            "tmpfs": mapping(
                "Writable directories in memory: path to mount options.", ABSOLUTE, {"type": "string"}, default={}
            ),
            "volumes": listing("Storage that outlives containers.", VOLUME, default=[]),
            "database": optional(DATABASE),
            "redis": mapping("Redis services: name to service.", NAME, REDIS, default={}),
            "routes": listing(
                "Which process answers which paths. None: nothing is reached from outside.", ROUTE, default=[]
            ),
            "internal": listing(
                "Path prefixes that are never reached from outside (404).",
                text("Path prefix.", pattern=ABSOLUTE),
                default=[],
            ),
            "static": optional(STATIC),
            "headers": HEADERS,
        },
        "version image processes",
    ),
}

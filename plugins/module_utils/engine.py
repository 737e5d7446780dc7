"""What has to happen to a container engine so that it runs hardened, without disturbing what it runs already."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

# What dockerd reads again on SIGHUP; everything else waits for a restart.
# https://docs.docker.com/reference/cli/dockerd/#configuration-reload-behavior
RELOADED = frozenset(
    {
        "authorization-plugins",
        "debug",
        "default-runtime",
        "features",
        "insecure-registries",
        "labels",
        "live-restore",
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "max-download-attempts",
        "registry-mirrors",
        "runtimes",
        "shutdown-timeout",
    }
)


def command_line_keys(argv: Sequence[str]) -> List[str]:
    """The settings that dockerd was given as flags; it refuses to start when daemon.json names them as well."""
    return sorted({word[2:].split("=", 1)[0] for word in argv[1:] if word.startswith("--")})


def withheld_settings(state: Mapping[str, Any], desired: Mapping[str, Any]) -> Dict[str, str]:
    """Settings that must not be written to this host's daemon.json, and why."""
    withheld = {key: "dockerd has it on its command line" for key in desired if key in state["flags"]}
    # log-opts alone would be given to a driver that may not know them, and the other way round.
    logging = {"log-driver", "log-opts", "log-opt"}
    if logging & set(state["flags"]):
        withheld.update(dict.fromkeys(logging & set(desired), "dockerd has its logging on its command line"))
    if desired.get("live-restore") and state["swarm"]:
        withheld["live-restore"] = "a Swarm node does not start with it"
    return withheld


def engine_plan(state: Mapping[str, Any], desired: Mapping[str, Any], restart: str = "idle") -> Dict[str, Any]:
    """From what ``engine_state`` reported and the settings desired, what to do.

    ``restart`` says when an engine that runs may be restarted: ``idle`` (no container runs), ``live`` (containers stay
    up meanwhile, by live-restore) or ``never``. Keys of the result: ``config`` (all of daemon.json), ``write``,
    ``reload``, ``restart``, ``may_restart``, ``start`` (booleans), ``waiting`` (settings that wait for a restart) and
    ``withheld`` (setting to reason).
    """
    current: Dict[str, Any] = dict(state["config"])
    withheld = withheld_settings(state, desired)
    config = {**current, **{key: value for key, value in desired.items() if key not in withheld}}
    changed = [key for key in config if key not in current or current[key] != config[key]]

    waiting = _waiting(state, config, changed, desired) if state["running"] else []
    live = bool(state["live_restore"] or ("live-restore" in changed and config["live-restore"]))
    allowed = {"idle": state["containers_running"] == 0, "live": live, "never": False}[restart]
    may_restart = bool(allowed and state["restartable"])
    restarts = bool(waiting) and may_restart
    return {
        "config": config,
        "write": bool(changed),
        "reload": bool(changed) and bool(state["running"]) and not restarts,
        "restart": restarts,
        "may_restart": may_restart,
        "start": not state["running"],
        "waiting": [] if restarts else waiting,
        "withheld": withheld,
    }


def _waiting(
    state: Mapping[str, Any], config: Mapping[str, Any], changed: Sequence[str], desired: Mapping[str, Any]
) -> List[str]:
    """The settings that a running engine reads only when it starts, and has not read.

    It tells of few what is in force. Where one of those differs from the file, the file was written after the engine
    started, and none of ours is taken to be in force.
    """
    told = {"icc": state["icc"], "log-driver": state["log_driver"]}
    stale = any(value is not None and config.get(key, value) != value for key, value in told.items())
    candidates = {*changed, *(key for key in desired if key in config)} if stale else set(changed)
    return sorted(key for key in candidates - RELOADED if told.get(key) is None or told[key] != config[key])

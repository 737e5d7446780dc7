"""New versions under load: what deploys lose and take, also when they are killed, beside the usual way."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import random
import re
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.compose import compose_file
from tests.bench.running import running
from tests.environment import ROOT, Environment, docker
from tests.faults.lab import Lab
from tests.rollout.deploying import lab_that_runs, load_on, start
from tests.rollout.load import Load

INVENTORY = ROOT / "tests/rollout/inventory"
CALM = 20.0
PROJECT = "slipway-bench-rollout"
USUAL_PORT = 18443
# What cannot be done without, and what is chosen, in the lines that a deploy prints.
PARTS = re.compile(r"(ready|observed|drained|stopped|it took) (\d+\.\d) s")


def version() -> str:
    return f"1.{time.time_ns() // 10**6}"


def tell(name: str, load: Load, since: float, calm: float) -> None:
    """What clients met, in one line, and everything that was wrong in further ones."""
    report = load.report
    during = report.percentile(0.99, since=since)
    print(
        f"  {name}: {len(report.asked)} requests, {len(report.failed)} failed, longest gap {report.longest_gap:.2f} s"
    )
    print(f"    {sum(load.rates.values())} requests a second, {len(load.devices)} WebSockets")
    print(f"    p99 {during:.0f} ms, without {calm:.0f} ms, ratio {during / calm:.1f}")
    print(f"    {report.posted} messages posted, {report.posted_twice} stored twice, {report.lost} lost")
    print(f"    WebSockets: {report.closed_well} closed with a frame, {len(report.closed_badly)} without", flush=True)
    for problem in report.problems():
        print(f"    {problem}")


def deployed(environment: Environment, *options: str) -> tuple[float, str]:
    began = time.monotonic()
    done = environment.playbook("playbooks/deploy.yml", "-e", "app=devicehub", *options)
    if done.returncode:
        raise SystemExit(f"a deploy failed:\n{done.stdout[-4000:]}")
    return time.monotonic() - began, done.stdout


@contextmanager
def while_there_is_time(minutes: float) -> Iterator[None]:
    """Ends its block in the middle of whatever it does; what was measured until then is told."""

    def over(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, minutes * 60)
    try:
        yield
    except TimeoutError:
        print(f"  stopped after {minutes:g} minutes", flush=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def deploys(environment: Environment, lab: Lab | None, options: argparse.Namespace) -> None:
    """One after the other under one load."""
    took: list[float] = []
    parts: dict[str, float] = dict.fromkeys(("ready", "observed", "drained", "stopped", "it took"), 0.0)
    with load_on(environment, lab, options.share) as load:
        time.sleep(CALM)
        calm = load.report.percentile(0.99)
        began = time.monotonic()
        with while_there_is_time(options.minutes):
            for _ in range(options.deploys):
                seconds, said = deployed(environment, "-e", f"version={version()}")
                took.append(seconds)
                for part, value in PARTS.findall(said.split("TASK [app : Say what was done]")[0]):
                    parts[part] += float(value)
    if not took:
        raise SystemExit("not one deploy ended in that time")
    parts = {part: value / len(took) for part, value in parts.items()}
    replicas = f"2 replicas on {len(lab.servers)} hosts" if lab else "2 replicas"
    tell(f"{len(took)} deploys of {replicas}", load, began, calm)
    needed = parts["ready"] + parts["drained"] + parts["stopped"]
    median = statistics.median(took)
    print(f"    {median:.1f} s each (median), {min(took):.1f} to {max(took):.1f}")
    print(f"    of the mean: {needed:.1f} s starting, draining and stopping, {parts['observed']:.1f} s watching,")
    print(
        f"    {parts['it took']:.1f} s checks and release, {statistics.mean(took) - sum(parts.values()):.1f} s the rest"
    )
    print(f"    ratio to starting, draining and stopping: {median / needed:.1f}", flush=True)


def killed(environment: Environment, wanted: str, latest: float) -> float:
    """Begin a deploy and kill its control process, whose modules may go on; when that was."""
    process = start(environment, "-e", f"version={wanted}")
    moment = random.uniform(2, latest)  # noqa: S311 not for secrets
    try:
        time.sleep(moment)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    return moment


def kills(environment: Environment, lab: Lab | None, options: argparse.Namespace) -> None:
    """The control process dies at a random moment of a deploy; the next deploy, begun at once, converges."""
    moments = []
    took = []
    with load_on(environment, lab, options.share) as load:
        time.sleep(CALM)
        calm = load.report.percentile(0.99)
        began = time.monotonic()
        with while_there_is_time(options.minutes):
            whole, _ = deployed(environment, "-e", f"version={version()}")
            for _ in range(options.kills):
                moments.append(killed(environment, wanted := version(), 0.9 * whole))
                seconds, _ = deployed(environment, "-e", f"version={wanted}")
                took.append(seconds)
                there = [server.containers() for server in lab.servers] if lab else [environment.containers()]
                left = [name for containers in there for name in containers if name.endswith(("-next", "-old"))]
                if left:
                    raise SystemExit(f"the deploy after a kill left {', '.join(left)}")
    if not took:
        raise SystemExit("not one deploy after a kill ended in that time")
    tell(f"{len(took)} deploys killed and deployed again", load, began, calm)
    print(f"    killed after {', '.join(f'{moment:.0f}' for moment in moments)} s")
    print(
        f"    the deploys after them: {statistics.median(took):.1f} s (median), none was refused",
        flush=True,
    )


def site(environment: Environment) -> None:
    """The same change by site.yml, and site.yml with nothing to do, without load."""
    wanted = version()
    took = []
    for _ in range(2):
        began = time.monotonic()
        environment.converge("-e", f"roll_version={wanted}")
        took.append(time.monotonic() - began)
    quick, _ = deployed(environment, "-e", f"version={version()}")
    idle, _ = deployed(environment)
    idle, _ = deployed(environment)
    print(f"  without load: deploy.yml {quick:.1f} s, with nothing to do {idle:.1f} s")
    print(f"  site.yml with a new version {took[0]:.1f} s, with nothing to do {took[1]:.1f} s", flush=True)


NGINX = """
pid /tmp/nginx.pid;
events { worker_connections 1024; }
http {
    client_body_temp_path /tmp/body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;
    access_log off;
    # The usual remedy against addresses that change.
    resolver 127.0.0.11 valid=1s;
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    server {
        listen 8443 ssl;
        ssl_certificate /tls/nginx.crt;
        ssl_certificate_key /tls/nginx.key;
        location / {
            set $web http://web:8000;
            proxy_pass $web;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
        }
    }
}
"""


@contextmanager
def the_usual_way(environment: Environment) -> Iterator[tuple[Environment, list[str]]]:
    """The same replicas run by docker-compose, in the place of the kit's, behind an nginx of the usual kind."""
    replicas = [f"{environment.name}-{name}" for name in environment.replicas("devicehub", "web")]
    nginx = f"{environment.name}-usual-nginx"
    image = environment.containers()["nginx"]["Image"]
    with tempfile.TemporaryDirectory() as directory:
        done = environment.playbook("playbooks/render.yml", "-e", f"slipway_render_dir={directory}")
        if done.returncode:
            raise SystemExit(done.stdout[-4000:])
        found = [json.loads(path.read_text()) for path in sorted(Path(directory).glob("*/*.json"))]
        documents = [entry for entry in found if entry["name"] in replicas]
        stated = compose_file(documents)
        for entry in stated["services"].values():
            # Where the running replicas have their files, which a rendered document does not know.
            running_one = environment.containers()[entry["hostname"].partition(".")[0]]
            mounts = [f"{m['Source']}:{m['Destination']}:ro" for m in running_one["Mounts"] if m["Type"] == "bind"]
            entry["volumes"] = mounts
            entry["image"] = running_one["Image"]
        stated["networks"] = {name: {"external": True} for name in stated["networks"]}
        stated["networks"] = {name: {**value, "name": name} for name, value in stated["networks"].items()}
        file = Path(directory) / "docker-compose.json"
        file.write_text(json.dumps(stated))
        conf = Path(directory) / "nginx.conf"
        conf.write_text(NGINX)
        command = ["docker-compose", "--file", str(file), "--project-name", PROJECT]
        network = next(iter(stated["networks"]))
        pki = environment.control_dir / "pki"
        docker("stop", *replicas)
        try:
            up = subprocess.run([*command, "up", "--detach"], capture_output=True, text=True, check=False)
            if up.returncode:
                raise SystemExit(up.stderr)
            serve = ["--entrypoint", "nginx", image, "-c", "/nginx.conf", "-g", "daemon off;"]
            files = ["-v", f"{conf}:/nginx.conf:ro", "-v", f"{pki}:/tls:ro", "-p", f"127.0.0.1:{USUAL_PORT}:8443"]
            docker("run", "--detach", "--name", nginx, "--user", "0", "--network", network, *files, *serve)
            wait_until_it_answers(dataclasses.replace(environment, https_port=USUAL_PORT))
            yield dataclasses.replace(environment, https_port=USUAL_PORT), command
        finally:
            subprocess.run(["docker", "rm", "--force", nginx], capture_output=True, check=False)
            subprocess.run([*command, "down", "--timeout", "5"], capture_output=True, check=False)
            docker("start", *replicas)


def wait_until_it_answers(environment: Environment) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with environment.session() as session:
                if session.get(f"{environment.url}/health/ready", timeout=5).ok:
                    return
        except OSError:
            pass
        time.sleep(0.5)
    raise SystemExit("what docker-compose runs does not answer")


def usual(environment: Environment, options: argparse.Namespace) -> None:
    container = f"{PROJECT}_{environment.name}-devicehub-web-1_1"
    with the_usual_way(environment) as (other, command), Load(other, [container], options.share) as load:
        time.sleep(CALM)
        calm = load.report.percentile(0.99)
        began = time.monotonic()
        subprocess.run([*command, "up", "--detach", "--force-recreate"], capture_output=True, check=True)
        took = time.monotonic() - began
        time.sleep(CALM)
    tell("docker-compose up -d --force-recreate behind nginx", load, began, calm)
    print(f"    {took:.1f} s until docker-compose said that it was done", flush=True)


def deploys_and_kills(environment: Environment, lab: Lab | None, options: argparse.Namespace) -> None:
    if options.deploys:
        deploys(environment, lab, options)
    if options.kills:
        kills(environment, lab, options)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rollout", description=__doc__)
    parser.add_argument("--deploys", type=int, default=20, help="deploys in a row under load")
    parser.add_argument("--kills", type=int, default=10, help="deploys whose control process is killed")
    parser.add_argument("--minutes", type=float, default=60, help="the longest that each of the two may take")
    parser.add_argument("--share", type=float, default=1, help="of the usual requests, where the machine is small")
    parser.add_argument("--no-usual", action="store_true", help="leave docker-compose out")
    parser.add_argument("--no-site", action="store_true", help="leave the comparison with site.yml out")
    parser.add_argument("--lab", action="store_true", help="deploy and kill on the lab that SLIPWAY_INVENTORY names")
    options = parser.parse_args()
    if options.lab:
        with lab_that_runs() as (environment, lab):
            deploys_and_kills(environment, lab, options)
        return
    with running(INVENTORY) as environment:
        if not options.no_site:
            site(environment)
        deploys_and_kills(environment, None, options)
        if not options.no_usual:
            subprocess.run([ROOT / "tests/install-missing", "docker-compose=docker-compose"], check=True)
            usual(environment, options)


if __name__ == "__main__":
    main()

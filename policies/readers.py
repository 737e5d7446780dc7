"""Configuration files of the kit's services, read into something to ask."""

from __future__ import annotations

import configparser
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import crossplane
import yaml

from policies.subjects import Spec

#: Files that the image of nginx brings: lists of types and of paths, which no policy asks for.
IN_IMAGE = "/usr/share/nginx/"


@dataclass(frozen=True)
class Directive:
    """One directive of nginx with what is in its block, and the blocks that it stands in, outermost first."""

    name: str
    args: tuple[str, ...]
    line: int
    parents: tuple[Directive, ...] = ()
    block: tuple[Directive, ...] = ()

    def __str__(self) -> str:
        return " ".join([self.name, *self.args])

    def all(self, name: str) -> Iterator[Directive]:
        """Those of a name below this one, at any depth."""
        for entry in self.block:
            if entry.name == name:
                yield entry
            yield from entry.all(name)

    def own(self, name: str) -> list[Directive]:
        """Those of a name right in this block."""
        return [entry for entry in self.block if entry.name == name]

    def effective(self, name: str) -> list[Directive]:
        """Those of a name in force here: the innermost level that states any wins, as nginx inherits."""
        for level in (self, *reversed(self.parents)):
            if found := level.own(name):
                return found
        return []


class Nginx:
    """A whole configuration, includes resolved."""

    def __init__(self, files: dict[str, str]) -> None:
        with tempfile.TemporaryDirectory() as directory:
            for path, content in files.items():
                place = Path(directory + path)
                place.parent.mkdir(parents=True, exist_ok=True)
                # Includes are absolute paths in the container; crossplane opens them here.
                text = re.sub(rf"^(\s*include\s+)(?!{IN_IMAGE})/", rf"\1{directory}/", content, flags=re.MULTILINE)
                place.write_text(re.sub(rf"^\s*include\s+{IN_IMAGE}.*$", "", text, flags=re.MULTILINE))
            parsed = crossplane.parse(f"{directory}/etc/nginx/nginx.conf", combine=True)
        if parsed["status"] != "ok":
            raise ValueError(f"nginx's configuration cannot be parsed: {parsed['errors']}")
        root = Directive("main", (), 0)
        self.main = _directives(parsed["config"][0]["parsed"], (root,))
        (self.http,) = (entry for entry in self.main if entry.name == "http")

    @property
    def servers(self) -> list[Directive]:
        return self.http.own("server")

    @property
    def sites(self) -> list[Directive]:
        """The servers that applications are reached through: TLS, and a certificate to show."""
        return [server for server in self.servers if _is_tls(server) and not server.own("ssl_reject_handshake")]

    @property
    def plain_sites(self) -> list[Directive]:
        """The servers of the same names without TLS."""
        names = {name for site in self.sites for entry in site.own("server_name") for name in entry.args}
        return [
            server
            for server in self.servers
            if not _is_tls(server) and names & {name for entry in server.own("server_name") for name in entry.args}
        ]

    def proxied(self) -> Iterator[Directive]:
        """Every location that leads to an application."""
        for site in self.sites:
            for location in site.all("location"):
                if location.own("proxy_pass"):
                    yield location

    def values(self, text: str) -> list[str]:
        """What a value can be on a site: a variable that a map sets is all that the map may give it."""
        match = re.fullmatch(r"\$\{?(\w+)\}?", text)
        if not match:
            return [text]
        for entry in self.http.own("map"):
            if entry.args[1] == f"${match[1]}":
                # In a map a directive's name is what is matched, and its argument is the value.
                rows = {row.name: row.args[0] for row in entry.block if row.args}
                rows.setdefault("default", "")
                if entry.args[0] == "$https":
                    rows = {"on": rows.get("on", rows["default"])}
                return [value for row in rows.values() for value in self.values(row)]
        return [text]

    def header(self, server: Directive, name: str) -> Directive | None:
        """The add_header of a server for one header."""
        found = [entry for entry in server.effective("add_header") if entry.args[0].lower() == name.lower()]
        return found[0] if found else None


def _is_tls(server: Directive) -> bool:
    return any("ssl" in entry.args for entry in server.own("listen"))


def _directives(entries: list[dict[str, Any]], parents: tuple[Directive, ...]) -> tuple[Directive, ...]:
    found = []
    for entry in entries:
        # Twice: what is in a block knows the block that it is in, which must not know it yet.
        here = Directive(entry["directive"], tuple(entry["args"]), entry["line"], parents)
        inner = _directives(entry.get("block") or [], (*parents, here))
        whole = Directive(here.name, here.args, here.line, parents, inner)
        found.append(Directive(whole.name, whole.args, whole.line, parents, _reparent(inner, (*parents, whole))))
    return tuple(found)


def _reparent(entries: tuple[Directive, ...], parents: tuple[Directive, ...]) -> tuple[Directive, ...]:
    return tuple(
        Directive(entry.name, entry.args, entry.line, parents, _reparent(entry.block, (*parents, entry)))
        for entry in entries
    )


@lru_cache(maxsize=4)
def _nginx(files: tuple[tuple[str, str], ...]) -> Nginx:
    return Nginx(dict(files))


def nginx(spec: Spec) -> Nginx:
    """The configuration of a container of nginx."""
    return _nginx(tuple((str(file["path"]), str(file["content"])) for file in spec.files if not file["secret"]))


class Haproxy:
    """A configuration of HAProxy: sections, each a title and lines of words."""

    def __init__(self, text: str) -> None:
        self.sections: dict[str, list[list[str]]] = {}
        title = ""
        for line in text.splitlines():
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if line[0].isspace():
                self.sections[title].append(words)
            else:
                title = " ".join(words)
                self.sections[title] = []

    def of(self, kind: str) -> dict[str, list[list[str]]]:
        """The sections of a kind, such as ``backend``, by their name."""
        return {title.split()[1]: lines for title, lines in self.sections.items() if title.split()[0] == kind}

    def inherited(self, title: str) -> list[list[str]]:
        """The lines of a section after those of the defaults that it names, outermost first."""
        words = title.split()
        base = words[words.index("from") + 1] if "from" in words else ""
        parent = next((other for other in self.sections if other.split()[:2] == ["defaults", base]), "")
        return [*(self.inherited(parent) if parent else []), *self.sections[title]]


def checked(lines: list[list[str]]) -> bool:
    """Whether all servers of a section of HAProxy's are asked how they are, for what it inherits or for themselves."""
    default = any("check" in line for line in lines if line[0] == "default-server")
    servers = [line for line in lines if line[0] in ("server", "server-template")]
    return all("no-check" not in server and (default or "check" in server) for server in servers)


def haproxy(spec: Spec) -> Haproxy:
    return Haproxy(spec.content("/etc/haproxy/haproxy.cfg"))


def words(text: str) -> list[list[str]]:
    """The lines of a file of Redis, as words; comments and empty lines are left out."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [[line[0].lower(), *line[1:]] for line in lines]


def setting(lines: list[list[str]], name: str) -> str:
    """The last value of a setting of Redis; empty where it is not stated."""
    found = [" ".join(line[1:]) for line in lines if line[0] == name]
    return found[-1].strip('"') if found else ""


def acl(lines: list[list[str]]) -> dict[str, list[str]]:
    """The users of a file of Redis, with their rules. Commands are the same in capitals; hashes are hexadecimal."""
    return {line[1]: [rule.lower() for rule in line[2:]] for line in lines if line[0] == "user"}


def elsewhere(lines: list[list[str]]) -> list[str]:
    """What makes a Redis read users from other files."""
    return [" ".join(line) for line in lines if line[0] in ("aclfile", "include")]


#: What pgbouncer may be told of TLS versions.
SECURE = ("secure", "tlsv1.2,tlsv1.3", "tlsv1.3")


def pgbouncer(spec: Spec) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=(";", "#"))
    parser.read_string(spec.content("/etc/pgbouncer/pgbouncer.ini"))
    return parser["pgbouncer"]


def document(spec: Spec, path: str) -> dict[str, Any]:
    """A YAML file of a container."""
    content: dict[str, Any] = yaml.safe_load(spec.content(path))
    return content

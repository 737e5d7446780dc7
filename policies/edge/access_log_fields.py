"""CKV_SLIP_184."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec

VARIABLE = re.compile(r"\$\{?(\w+)")
#: What tells no secret. Any other variable may: it fails until somebody has looked at it and put it here.
#: $masked_path and $sane_request_id are maps of the kit's: CKV_SLIP_185 looks at the first.
HARMLESS = frozenset(
    "time_iso8601 time_local msec sane_request_id request_id connection connection_requests remote_addr host"
    " server_name server_port scheme request_method masked_path server_protocol status bytes_sent body_bytes_sent"
    " request_length request_time upstream_addr upstream_status upstream_response_time upstream_connect_time"
    " upstream_header_time ssl_protocol ssl_cipher http_user_agent gzip_ratio".split()
)


class AccessLogFields(FilePolicy):
    """What is in a log is read by everybody who reads logs, and kept for years: tokens in query strings among it."""

    id = "CKV_SLIP_184"
    name = "The access log holds no query string, cookie or credential"
    level = "high"
    audit = Audit.TOKENS
    reference = "OWASP Logging Cheat Sheet: data to exclude"
    mend = "Log the path by a map that cuts it at the question mark and masks tokens; no cookie, no Authorization."
    file = "/etc/nginx/nginx.conf"

    def problems(self, subject: Spec) -> Iterator[str]:
        configuration = nginx(subject)
        http = configuration.http
        formats = {entry.args[0]: entry for entry in http.all("log_format")}
        if not formats:
            yield "no log_format is stated: the built-in one holds whole request lines"
        for stated in formats.values():
            for name in sorted(set(VARIABLE.findall(" ".join(stated.args[1:]))) - HARMLESS):
                yield f"line {stated.line}: log_format {stated.args[0]} holds ${name}"
        if not http.own("access_log"):
            yield "access_log is not stated in http{}: the built-in one holds whole request lines"
        for log in http.all("access_log"):
            if log.args[0] != "off" and (len(log.args) < 2 or log.args[1] not in formats):
                yield f"line {log.line}: {log} uses the built-in format"
            if log.args[0] not in ("off", "/dev/stdout", "/dev/stderr"):
                yield f"line {log.line}: {log} leaves the container's own log"
        for site in [*configuration.sites, *configuration.plain_sites]:
            if any(log.args[0] == "off" for log in site.effective("access_log")):
                yield f"line {site.line}: this site logs nothing"


policy = AccessLogFields()

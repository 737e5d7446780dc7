"""CKV_SLIP_184."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import nginx
from policies.subjects import Spec

# Each of them holds the query string, a cookie or what a browser sends to prove who it is.
TELLING = re.compile(
    r"\$\{?(request|request_uri|args|query_string|is_args|arg_\w+|cookie_\w+|http_cookie|http_authorization"
    r"|http_referer|http_x_\w*token\w*|http_x_api_key|request_body|uri|document_uri)\b"
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
        http = nginx(subject).http
        formats = {entry.args[0]: entry for entry in http.all("log_format")}
        if not formats:
            yield "no log_format is stated: the built-in one holds whole request lines"
        for stated in formats.values():
            for found in TELLING.finditer(" ".join(stated.args[1:])):
                yield f"line {stated.line}: log_format {stated.args[0]} holds ${found[1]}"
        for log in http.all("access_log"):
            if log.args[0] != "off" and (len(log.args) < 2 or log.args[1] not in formats):
                yield f"line {log.line}: {log} uses the built-in format"


policy = AccessLogFields()

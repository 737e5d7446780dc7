"""CKV_SLIP_199."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Audit, FilePolicy
from policies.readers import document
from policies.subjects import Spec


class PostgresTls(FilePolicy):
    """What crosses a network to a database is all that an application knows."""

    id = "CKV_SLIP_199"
    name = "Postgres speaks TLS 1.2 or later, with a certificate of the environment"
    level = "high"
    audit = Audit.PLAINTEXT
    reference = "https://www.postgresql.org/docs/17/ssl-tcp.html"
    mend = "parameters: ssl on, ssl_min_protocol_version TLSv1.2, certificate, key and authority below /run/secrets."
    file = "/etc/patroni/patroni.yml"

    def problems(self, subject: Spec) -> Iterator[str]:
        stated = document(subject, self.file)["postgresql"]
        parameters = stated["parameters"]
        if str(parameters.get("ssl")) != "on":
            yield f"ssl is {parameters.get('ssl')!r}"
        if parameters.get("ssl_min_protocol_version") not in ("TLSv1.2", "TLSv1.3"):
            yield f"ssl_min_protocol_version is {parameters.get('ssl_min_protocol_version')!r}"
        for name in ("ssl_cert_file", "ssl_key_file", "ssl_ca_file"):
            if not str(parameters.get(name, "")).startswith("/run/secrets/"):
                yield f"{name} is {parameters.get(name)!r}"
        if "ssl_ciphers" in parameters:
            yield f"ssl_ciphers is {parameters['ssl_ciphers']!r}: leave it to the server, which knows better every year"
        for name in ("replication", "rewind"):
            account = stated["authentication"][name]
            if account.get("sslmode") != "verify-full" or not account.get("sslrootcert"):
                yield f"a member follows whoever answers: {name} has sslmode {account.get('sslmode')!r}"


policy = PostgresTls()

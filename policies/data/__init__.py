"""Policies over the configuration of Postgres, pgbouncer, Redis, Sentinel and etcd, one a file."""

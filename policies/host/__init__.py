"""Policies over running hosts, one a file."""

"""Policies over the configuration of nginx, one a file."""

"""Policies over the configuration of the routers, one a file."""

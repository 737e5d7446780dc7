"""Policies over Dockerfiles, one a file."""

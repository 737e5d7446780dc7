"""Policies over Ansible tasks, one a file."""

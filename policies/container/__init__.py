"""Policies over rendered container specs: one document per host and container, see playbooks/render.yml."""

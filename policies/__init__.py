"""Policies: what a security reviewer reads, and the scanner that applies it."""

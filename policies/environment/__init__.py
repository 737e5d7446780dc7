"""Policies over inventories and contracts, one a file."""

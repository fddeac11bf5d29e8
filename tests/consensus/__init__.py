"""Consensus ratings: what they settle, who signs them off, and what numbers rest on."""

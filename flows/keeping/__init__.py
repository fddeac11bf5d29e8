"""Keeping and letting go: erasure of people, retention by age, backup and restore. Knows every stage, and none knows it."""

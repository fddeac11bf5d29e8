"""Tests mirror the folders of the project; a test name is a sentence about behaviour."""

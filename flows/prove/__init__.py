"""Proving on the user's machine that nothing is lost: nights that die, are disturbed or are lied to, in a scratch home.

A trial is a small module here; `flows.prove.run` has them one after the other. The tests use the same nights and the same
comparisons, so that what the tests hold and what a user sees are one thing.
"""

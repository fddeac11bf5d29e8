"""The sheets people fill in: the rating form, the layout it is read with, and instruments in plain words.

Nothing here reads a filled form; that is `flows.intake`, which knows the form only through `form_layout`.
"""

"""One line a therapist across a change of instrument."""

"""How fast a night is: `python -m tests.bench` makes a big lab, runs its nights and prints what they cost."""

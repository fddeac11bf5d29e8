"""One night, one direction: inbox, intake, load, measure, publish."""

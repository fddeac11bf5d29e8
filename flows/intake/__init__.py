"""From the inbox to validated long rows: receiving, guarded reading, cells to values, findings."""

"""What people see: the published DuckDB files, the Excel summary, the supervision sheets. All of it is swapped in whole."""

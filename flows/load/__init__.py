"""The only door to DuckDB: connections, transactions, history, reference tables, and the running of sql/."""

"""Files that lie, break or bomb, each made by code that says what is wrong with it."""

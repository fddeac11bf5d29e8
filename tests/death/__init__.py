"""A night that dies, fails or fills the disk at any moment loses nothing, and the next one makes up for it."""

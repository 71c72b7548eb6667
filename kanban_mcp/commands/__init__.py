"""Commands for people, a file each."""

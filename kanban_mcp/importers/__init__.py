"""Files of this and of other programs as the records of a board."""

"""The assets of the board in a browser, as they are served."""

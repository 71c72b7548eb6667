"""What is read beside the API: the board in a browser, metrics, and whether the server is well."""

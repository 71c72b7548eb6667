"""Reports on the flow of a board: as Markdown, as a page, as a picture."""

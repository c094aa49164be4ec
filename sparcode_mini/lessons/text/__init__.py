"""The lessons as texts: what their paragraphs are (`labels`, `pieces`), and other `languages`."""

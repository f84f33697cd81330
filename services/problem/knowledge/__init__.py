"""The knowledge base: known errors and lessons learned, as JSON or as a folder of Markdown."""

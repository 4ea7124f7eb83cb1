"""Documents written as HTML, Word, Markdown and CSV."""

"""What the pages say that is no part of an instrument: words in three languages, numbers, days."""

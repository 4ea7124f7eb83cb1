"""What a well-formed instrument still lacks or contradicts: structure, wording, content."""

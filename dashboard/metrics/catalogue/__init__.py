"""The catalogue: what each figure means, and the panels and tiles that show it."""

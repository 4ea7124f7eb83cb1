"""What a fitted model answers: its result, effects, scores, residuals, changes, comparisons, pooled imputations."""

"""Do judges agree, and do answers last: intraclass correlations, test–retest, kappas, alphas and concordance."""

"""Agreement of raters and occasions: kappas, alpha, intraclass correlations, content validity."""

# Predictors entered in two blocks: what the second adds.
source("../../R/regression.R")
regression_case(loyalty ~ image + expectation + quality + satisfaction, "../../data/mobi_scores.csv", more = function(model, data) {
  first <- lm(loyalty ~ image + expectation, data)
  change <- anova(first, model)
  list(blocks = list(
    first = list(r_squared = summary(first)$r.squared, adj_r_squared = summary(first)$adj.r.squared),
    delta_r_squared = summary(model)$r.squared - summary(first)$r.squared,
    f = change$F[2], df1 = change$Df[2], df2 = change$Res.Df[2], p_value = change[["Pr(>F)"]][2],
    wald_hc3 = wald(model, vcovHC(model, type = "HC3"), c("quality", "satisfaction"))
  ))
})

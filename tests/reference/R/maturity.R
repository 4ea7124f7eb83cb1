# Ratings of the 29 leaves of the maturity scale: medians, blocks, agreement (psych) and change (stats).

suppressMessages(library(psych))
source("../../R/record.R")

blocks <- list(
  vision = c("leadership", "market_position", "value_proposition"),
  strategy = c("objectives", "segments", "effective_interaction"),
  experience = c("understanding_wants", "monitoring_expectations", "satisfaction_vs_competition", "acting_on_feedback",
                 "communication"),
  collaboration = c("culture_structure", "customer_understanding", "people_skills", "incentives",
                    "internal_communication", "partners_suppliers"),
  processes = c("life_cycle", "knowledge_management"),
  information = c("data", "analysis", "market_research"),
  technology = c("applications", "it_architecture"),
  metrics = c("value", "retention", "satisfaction", "loyalty", "cost_to_serve")
)
leaves <- unlist(blocks, use.names = FALSE)

# Levels around a common one, a share of them missing.
made_ratings <- function(seed, raters, waves, missing) {
  set.seed(seed)
  base <- setNames(sample(1:4, length(leaves), TRUE), leaves)
  rows <- expand.grid(leaf = leaves, rater = raters, wave = waves, stringsAsFactors = FALSE)
  rows$level <- pmin(6, pmax(0, base[rows$leaf] + sample(-1:1, nrow(rows), TRUE) + (rows$wave == max(waves)) *
    sample(0:1, nrow(rows), TRUE)))
  rows$level[runif(nrow(rows)) < missing] <- NA
  write_data(rows, "ratings.csv")
}

agreement <- function(wide, scale = 0:6) {
  whole <- wide[complete.cases(wide), , drop = FALSE]
  steps <- abs(outer(scale, scale, "-")) / (length(scale) - 1)
  weight <- list(linear = 1 - steps, quadratic = 1 - steps^2)
  pairs <- combn(ncol(whole), 2)
  kappa <- vapply(weight, function(w) mean(apply(pairs, 2, function(pair) {
    table <- table(factor(whole[, pair[1]], scale), factor(whole[, pair[2]], scale)) / nrow(whole)
    expected <- outer(rowSums(table), colSums(table))
    (sum(w * table) - sum(w * expected)) / (1 - sum(w * expected))
  })), 0)
  by_psych <- mean(apply(pairs, 2, function(pair) cohen.kappa(whole[, pair], w = 1 - weight$quadratic,
                                                              levels = scale)$weighted.kappa))
  icc <- ICC(whole, lmer = FALSE)$results
  list(n = nrow(whole), linear = kappa[["linear"]], quadratic = kappa[["quadratic"]], psych_quadratic = by_psych,
       icc = data.frame(form = icc$type, estimate = icc$ICC, f = icc$F, p_value = icc$p, ci_low = icc[["lower bound"]],
                        ci_high = icc[["upper bound"]]))
}

maturity_case <- function() {
  rows <- read_data("ratings.csv")
  found <- lapply(split(rows, rows$wave), function(wave) {
    wide <- sapply(sort(unique(wave$rater)), function(who) {
      mine <- wave[wave$rater == who, ]
      mine$level[match(leaves, mine$leaf)]
    })
    rownames(wide) <- leaves
    middle <- apply(wide, 1, median, na.rm = TRUE)
    levels <- lapply(blocks, function(inside) middle[inside])
    list(
      leaves = data.frame(leaf = leaves, level = unname(middle), lowest = unname(apply(wide, 1, min, na.rm = TRUE)),
                          highest = unname(apply(wide, 1, max, na.rm = TRUE))),
      blocks = data.frame(block = names(blocks), mean = unname(sapply(levels, mean)),
                          minimum = unname(sapply(levels, min))),
      mean = mean(sapply(levels, mean)), level = floor(min(sapply(levels, mean)) + 1e-9), agreement = agreement(wide)
    )
  })
  waves <- names(found)
  change <- NULL
  if (length(waves) > 1) {
    before <- found[[1]]$leaves$level; after <- found[[length(waves)]]$leaves$level
    test <- suppressWarnings(wilcox.test(after, before, paired = TRUE))
    change <- list(v = test$statistic[[1]], p_value = test$p.value, mean = mean(after - before),
                   median = median(after - before), up = sum(after > before), down = sum(after < before))
  }
  record(list(data = "ratings.csv", waves = found, change = change), "psych")
}

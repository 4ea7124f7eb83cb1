# Common-method bias: every model by lavaan, correlations freed of a marker by their formulas, VIF by lm.

source("../../R/sem_after.R")

indices <- function(fit) {
  wanted <- c("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr", "aic", "bic", "chisq.scaled", "pvalue.scaled",
              "cfi.robust", "rmsea.robust")
  found <- fitMeasures(fit)
  as.list(found[intersect(wanted, names(found))])
}

against <- function(smaller, larger) {
  found <- suppressWarnings(lavTestLRT(larger, smaller))[2, ]
  list(chisq_diff = found[["Chisq diff"]], df_diff = found[["Df diff"]], p_value = found[["Pr(>Chisq)"]])
}

loadings_of <- function(fit) {
  table <- standardizedSolution(fit, se = FALSE)
  table <- table[table$op == "=~", ]
  data.frame(factor = table$lhs, item = table$rhs, std_all = table$est.std)
}

pairs_of <- function(m) {
  at <- which(lower.tri(m), arr.ind = TRUE)
  data.frame(lhs = colnames(m)[at[, 2]], rhs = rownames(m)[at[, 1]], r = m[at])
}

# Lindell and Whitney (2001, eqs. 4, 5).
freed <- function(r, marker, n) {
  adjusted <- (r - marker) / (1 - marker)
  t <- adjusted * sqrt((n - 3) / (1 - adjusted^2))
  data.frame(r_adjusted = adjusted, statistic = t, p_value = 2 * pt(-abs(t), n - 3))
}

fixed <- function(value, name) paste0(sprintf("%.17g", value), "*", name)

# A factor of variance 1 with free loadings.
free_factor <- function(name, x) {
  paste0(name, " =~ NA*", x[1], " + ", paste(x[-1], collapse = " + "), "\n", name, " ~~ 1*", name)
}

# Williams, Hartman and Cavazotte (2010): all factors of variance 1; the marker's items held at what the CFA found.
marker_models <- function(blocks, marker, data, ...) {
  factors <- names(blocks)
  items <- unlist(blocks)
  base <- paste(mapply(free_factor, factors, blocks), collapse = "\n")
  fitted_model <- function(text) settle("cfa", text, data = data, ...)$fit
  cfa_fit <- fitted_model(paste(base, free_factor("M", marker), sep = "\n"))
  value <- function(fit, lhs, op, rhs) {
    t <- parameterEstimates(fit)
    t$est[t$op == op & ((t$lhs == lhs & t$rhs == rhs) | (op == "~~" & t$lhs == rhs & t$rhs == lhs))][1]
  }
  held <- paste(c(
    paste("M =~", paste(sapply(marker, function(x) fixed(value(cfa_fit, "M", "=~", x), x)), collapse = " + ")), "M ~~ 1*M",
    sapply(marker, function(x) paste(x, "~~", fixed(value(cfa_fit, x, "~~", x), x))),
    paste("M ~~", paste0("0*", factors, collapse = " + "))
  ), collapse = "\n")
  start <- paste(base, held, sep = "\n")
  models <- list(CFA = cfa_fit, Baseline = fitted_model(start))
  equal <- paste0(start, "\nM =~ ", paste0("k*", items, collapse = " + "))
  unequal <- paste0(start, "\nM =~ ", paste(items, collapse = " + "))
  models[["Method-C"]] <- fitted_model(equal)
  models[["Method-U"]] <- fitted_model(unequal)
  tests <- list("Method-C" = against(models$Baseline, models[["Method-C"]]),
                "Method-U" = against(models[["Method-C"]], models[["Method-U"]]))
  kept <- if (tests[["Method-U"]]$p_value < 0.05) "Method-U" else "Method-C"
  pairs <- combn(factors, 2)
  correlations <- apply(pairs, 2, function(p) paste(p[1], "~~", fixed(value(models$Baseline, p[1], "~~", p[2]), p[2])))
  text <- if (kept == "Method-U") unequal else equal
  models[["Method-R"]] <- fitted_model(paste(c(text, correlations), collapse = "\n"))
  tests[["Method-R"]] <- against(models[["Method-R"]], models[[kept]])
  own <- subset(standardizedSolution(models[[kept]], se = FALSE), op == "=~")
  left <- subset(standardizedSolution(models[[kept]], se = FALSE), op == "~~" & lhs == rhs)
  before <- subset(standardizedSolution(models$Baseline, se = FALSE), op == "=~")
  reliability <- do.call(rbind, lapply(factors, function(f) {
    s <- sum(own$est.std[own$lhs == f])^2
    m <- sum(own$est.std[own$lhs == "M" & own$rhs %in% blocks[[f]]])^2
    e <- sum(left$est.std[left$lhs %in% blocks[[f]]])
    l <- before$est.std[before$lhs == f]
    data.frame(factor = f, baseline = sum(l)^2 / (sum(l)^2 + sum(1 - l^2)), substantive = s / (s + m + e),
               method = m / (s + m + e))
  }))
  list(models = lapply(models, indices), tests = tests, retained = kept, reliability = reliability,
       correlations = pairs_of(lavInspect(models[[kept]], "cor.lv")[factors, factors]))
}

bias_case <- function(data, blocks, marker = NULL, estimator = "ML", missing = "listwise") {
  items <- unlist(blocks)
  factors <- names(blocks)
  frame <- read_data(data)
  own <- frame[complete.cases(frame[, items]), ]
  text <- paste(mapply(function(f, x) paste(f, "=~", paste(x, collapse = " + ")), factors, blocks), collapse = "\n")
  writeLines(text, "model.lav")
  apart <- paste0("method ~~ ", paste0("0*", factors, collapse = " + "))
  one <- paste("common =~", paste(items, collapse = " + "))
  base <- paste(mapply(free_factor, factors, blocks), collapse = "\n")
  equal <- paste0(base, "\nmethod =~ ", paste0("1*", items, collapse = " + "), "\nmethod ~~ method\n", apart)
  unequal <- paste0(base, "\nmethod =~ NA*", paste(items, collapse = " + "), "\nmethod ~~ 1*method\n", apart)
  rows <- if (missing == "fiml") frame else own
  fit <- function(model) settle("cfa", model, data = rows, estimator = estimator, missing = missing)$fit
  fits <- list(hypothesised = fit(text), single = fit(one), equal = fit(equal))
  tests <- list(single = against(fits$single, fits$hypothesised), equal = against(fits$hypothesised, fits$equal))
  fits$free <- try(fit(unequal), silent = TRUE)
  if (inherits(fits$free, "try-error")) fits$free <- NULL
  if (!is.null(fits$free)) tests$free <- against(fits$equal, fits$free)
  together <- frame[complete.cases(frame[, c(items, marker)]), ]
  scores <- as.data.frame(sapply(blocks, function(x) rowMeans(together[, x, drop = FALSE])))
  r <- cor(scores)
  listed <- pairs_of(r)
  method_r <- if (is.null(marker)) min(listed$r[listed$r > 0]) else {
    with_marker <- cor(scores, rowMeans(together[, marker, drop = FALSE]))
    min(with_marker[with_marker > 0])
  }
  upper <- tanh(atanh(method_r) + qnorm(0.975) / sqrt(nrow(together) - 3))
  alone <- as.data.frame(sapply(blocks, function(x) rowMeans(own[, x, drop = FALSE])))
  vif <- sapply(factors, function(f) {
    1 / (1 - summary(lm(alone[[f]] ~ ., data = alone[, setdiff(factors, f), drop = FALSE]))$r.squared)
  })
  phi <- lavInspect(fits$hypothesised, "cor.lv")
  record(list(
    data = data, marker = if (!is.null(marker)) I(marker), estimator = estimator, missing = missing, n = nrow(rows),
    models = lapply(fits, indices), tests = tests, loadings = lapply(fits, loadings_of),
    correlations = lapply(fits[names(fits) != "single"], function(f) pairs_of(lavInspect(f, "cor.lv")[factors, factors])),
    method_variance = sapply(fits[intersect(c("equal", "free"), names(fits))], function(f) {
      l <- loadings_of(f)
      mean(l$std_all[l$factor == "method"]^2)
    }),
    freed = list(n = nrow(together), r_marker = method_r, upper = upper,
                 pairs = cbind(listed, freed(listed$r, method_r, nrow(together))),
                 limit = freed(listed$r, upper, nrow(together))),
    vif = as.list(vif), vif_latent = as.list(diag(solve(phi))),
    first_share = eigen(cor(own[, items]))$values[1] / length(items),
    marker_models = if (length(marker) > 1) {
      marker_models(blocks, marker, if (missing == "fiml") frame else together, estimator = estimator, missing = missing)
    }
  ), "lavaan")
}

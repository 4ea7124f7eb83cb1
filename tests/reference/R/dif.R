# Differential item functioning by proportional-odds regression: three models an item, compared by their likelihoods.
# ordinal::clm goes to the maximum by Newton's method; MASS::polr stops earlier and must agree to what it leaves.

source("../../R/record.R")
suppressMessages({library(ordinal); library(MASS)})

fit_clm <- function(formula, frame) {
  clm(formula, data = frame, control = clm.control(gradTol = 1e-10, maxIter = 200L, maxLineIter = 50L))
}

# Of a logistic regression at its estimates; vcov() of glm has the weights of the last step but one.
inverse_information <- function(fit) {
  mu <- fitted(fit)
  x <- model.matrix(fit)
  v <- solve(crossprod(x, x * (mu * (1 - mu))))
  dimnames(v) <- list(names(coef(fit)), names(coef(fit)))
  v
}

# Thresholds alone; then the shares of McFadden, Cox and Snell, and Nagelkerke.
shares <- function(loglik, null, n) {
  cox <- 1 - exp(2 * (null - loglik) / n)
  c(mcfadden = 1 - loglik / null, cox_snell = cox, nagelkerke = cox / (1 - exp(2 * null / n)))
}

item_models <- function(answers, score, group) {
  frame <- data.frame(y = ordered(answers), s = score, g = group)
  formulas <- list(y ~ s, y ~ s + g, y ~ s * g)
  two <- nlevels(frame$y) == 2
  fits <- lapply(formulas, function(f) {
    if (two) glm(update(f, I(y == levels(y)[2]) ~ .), data = frame, family = binomial,
                 control = glm.control(epsilon = 1e-14, maxit = 100))
    else fit_clm(f, frame)
  })
  if (!two) for (i in 1:3) {
    rough <- polr(formulas[[i]], data = transform(frame, s = s - mean(s)), control = list(maxit = 500, reltol = 1e-14))
    stopifnot(abs(as.numeric(logLik(rough)) - as.numeric(logLik(fits[[i]]))) < 1e-5)
  }
  counts <- table(frame$y)
  null <- sum(counts * log(counts / sum(counts)))
  logliks <- sapply(fits, function(f) as.numeric(logLik(f)))
  slopes <- lapply(fits, function(f) {
    keep <- !grepl("[|]", names(coef(f))) & names(coef(f)) != "(Intercept)"
    list(estimate = coef(f)[keep], std_error = sqrt(diag(if (two) inverse_information(f) else vcov(f)))[keep])
  })
  list(loglik = logliks, shares = sapply(logliks, shares, null = null, n = nrow(frame)), slopes = slopes)
}

pass <- function(answers, group, anchors, matching) {
  lapply(names(answers), function(item) {
    used <- if (matching == "sum score") union(anchors, item) else setdiff(anchors, item)
    item_models(answers[[item]], rowSums(answers[, used, drop = FALSE]), group)
  })
}

tests_of <- function(models, groups) {
  pairs <- list(uniform = c(1, 2), nonuniform = c(2, 3), total = c(1, 3))
  rows <- lapply(names(pairs), function(test) {
    p <- pairs[[test]]
    chisq <- 2 * (models$loglik[p[2]] - models$loglik[p[1]])
    df <- (p[2] - p[1]) * (groups - 1)
    data.frame(test = test, chisq = chisq, df = df, p_value = pchisq(chisq, df, lower.tail = FALSE),
               delta_mcfadden = diff(models$shares["mcfadden", p]),
               delta_cox_snell = diff(models$shares["cox_snell", p]),
               delta_nagelkerke = diff(models$shares["nagelkerke", p]))
  })
  do.call(rbind, rows)
}

# `least`: the least change of Nagelkerke's share that flags an item beside a p below .05 (Holm over the items).
dif_case <- function(data, items, group, matching = "sum score", purify = FALSE, least = 0, cut = NULL, flip = character(0)) {
  frame <- read_data(data, c(items, group), TRUE)
  answers <- frame[, items]
  for (item in flip) answers[[item]] <- max(answers[[item]]) + min(answers[[item]]) - answers[[item]]
  if (!is.null(cut)) answers[] <- lapply(answers, function(x) as.numeric(x > cut))
  belongs <- factor(frame[[group]])
  anchors <- items
  trail <- list()
  repeat {
    models <- pass(answers, belongs, anchors, matching)
    tests <- lapply(models, tests_of, groups = nlevels(belongs))
    p <- p.adjust(sapply(tests, function(t) t$p_value[3]), "holm")
    flagged <- items[p < 0.05 & sapply(tests, function(t) t$delta_nagelkerke[3]) >= least]
    trail <- c(trail, list(list(anchors = I(anchors), flagged = I(flagged))))
    clean <- setdiff(items, flagged)
    if (!purify || setequal(clean, anchors) || length(trail) == 10) break
    anchors <- clean
  }
  rows <- do.call(rbind, lapply(seq_along(items), function(i) {
    cbind(item = items[i], tests[[i]], p_adjusted = p[i])
  }))
  slopes <- do.call(rbind, lapply(seq_along(items), function(i) do.call(rbind, lapply(1:3, function(m) {
    found <- models[[i]]$slopes[[m]]
    data.frame(item = items[i], model = m, place = seq_along(found$estimate), estimate = found$estimate,
               std_error = found$std_error)
  }))))
  record(list(
    data = data, group = group, items = I(items), cut = cut, flip = I(flip), n = nrow(frame), rounds = trail,
    tests = rows, slopes = slopes,
    models = do.call(rbind, lapply(seq_along(items), function(i) {
      data.frame(item = items[i], model = 1:3, loglik = models[[i]]$loglik, t(models[[i]]$shares))
    })),
    beta_change = sapply(models, function(m) {
      first <- m$slopes[[1]]$estimate[[1]]
      abs((m$slopes[[2]]$estimate[[1]] - first) / first)
    })
  ), c("MASS", "ordinal"))
}

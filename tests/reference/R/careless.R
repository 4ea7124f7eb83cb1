# Indices of careless answers in plain R, each respondent on his own.

longest <- function(row) {
  runs <- rle(ifelse(is.na(row), -seq_along(row) - 1e6, row))
  runs <- runs$lengths[runs$values > -1e6]
  if (length(runs)) max(runs) else 0
}

mean_run <- function(row) {
  runs <- rle(ifelse(is.na(row), -seq_along(row) - 1e6, row))
  runs <- runs$lengths[runs$values > -1e6]
  if (length(runs)) mean(runs) else NA
}

own_cor <- function(one, other) {
  both <- !is.na(one) & !is.na(other)
  if (sum(both) < 3 || sd(one[both]) < 1e-12 || sd(other[both]) < 1e-12) return(NA)
  cor(one[both], other[both])
}

# scales: a list of column names, items keyed in one direction.
even_odd <- function(keyed, scales) {
  apply(keyed, 1, function(row) {
    half <- function(items, start) {
      found <- row[items[seq(start, length(items), by = 2)]]
      if (all(is.na(found))) NA else mean(found, na.rm = TRUE)
    }
    r <- own_cor(vapply(scales, half, 0, start = 1), vapply(scales, half, 0, start = 2))
    max(2 * r / (1 + r), -1)
  })
}

pair_index <- function(data, critical, opposite = FALSE) {
  r <- cor(data, use = "pairwise.complete.obs")
  if (opposite) r <- -r
  pairs <- which(r >= critical & upper.tri(r), arr.ind = TRUE)
  if (nrow(pairs) == 0) return(list(pairs = 0, values = rep(NA, nrow(data))))
  x <- as.matrix(data)
  list(pairs = nrow(pairs), values = apply(x, 1, function(row) own_cor(row[pairs[, 1]], row[pairs[, 2]])))
}

person_total <- function(data) {
  means <- colMeans(data, na.rm = TRUE)
  apply(data, 1, function(row) own_cor(row, means))
}

careless_indices <- function(path, scales, reversed, ends, critical) {
  data <- read_data(path)
  data <- data[unlist(scales)]
  keyed <- data
  for (item in reversed) keyed[[item]] <- sum(ends) - keyed[[item]]
  synonyms <- pair_index(data, critical)
  antonyms <- pair_index(data, critical, opposite = TRUE)
  list(
    data = path, scales = lapply(scales, I), reversed = I(reversed), low = ends[1], high = ends[2], critical = critical,
    longstring = I(apply(data, 1, longest)), longstring_mean = I(apply(data, 1, mean_run)),
    irv = I(apply(data, 1, sd, na.rm = TRUE)), even_odd = I(even_odd(keyed, scales)),
    synonym_pairs = synonyms$pairs, psychsyn = I(synonyms$values), antonym_pairs = antonyms$pairs,
    psychant = I(antonyms$values), person_total = I(person_total(data))
  )
}

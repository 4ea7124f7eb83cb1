# Adoption of modules in plain R: stats for the intervals (prop.test without correction is Wilson's, t.test for means).
source("../../R/record.R")

share <- function(x) {
  x <- x[!is.na(x)]
  ends <- suppressWarnings(prop.test(sum(x), length(x), correct = FALSE)$conf.int)
  list(n = length(x), value = 100 * mean(x), low = 100 * ends[1], high = 100 * ends[2])
}
average <- function(x, times = 1) {
  x <- x[!is.na(x)]
  ends <- t.test(x)$conf.int
  list(n = length(x), value = times * mean(x), sd = times * sd(x), low = times * ends[1], high = times * ends[2])
}

# One person on some functions: what follows for all of them together.
person <- function(rows) {
  there <- rows$available %in% "yes"
  asked <- there & !is.na(rows$used)
  uses <- there & rows$used %in% "yes"
  known <- sum(rows$available %in% c("yes", "no"))
  data.frame(
    available = if (any(there)) 1 else if (all(rows$available %in% "no")) 0 else NA,
    used = if (any(uses)) 1 else if (any(there) && all(asked[there])) 0 else NA,
    coverage = if (known > 0) sum(there) / known else NA,
    depth = if (any(asked)) sum(uses) / sum(asked) else NA,
    frequency = if (any(uses)) mean(rows$frequency[uses], na.rm = TRUE) else NA,
    usefulness = if (any(there)) mean(rows$usefulness[there], na.rm = TRUE) else NA
  )
}
people <- function(rows) do.call(rbind, lapply(split(rows, rows$respondent), person))

figures <- function(rows) {
  found <- people(rows)
  list(
    available = share(found$available), used = share(found$used), coverage = average(found$coverage, 100),
    depth = average(found$depth, 100), frequency = average(found$frequency), usefulness = average(found$usefulness)
  )
}

# `index` is the weighted geometric mean of coverage, depth and frequency over 4, by powers.
adoption_case <- function(path, weights) {
  data <- read_data(path)
  now <- data[data$wave == max(data$wave), ]
  modules <- c(list(all = now), split(now, now$module))
  functions <- lapply(split(now, now$func), function(rows) {
    there <- rows$available == "yes"
    list(
      available = share(ifelse(rows$available == "unknown", NA, there)), used = share((rows$used == "yes")[there]),
      frequency = average(rows$frequency[there & rows$used == "yes"]), usefulness = average(rows$usefulness[there])
    )
  })
  index <- sapply(modules, function(rows) {
    f <- figures(rows)
    w <- weights / sum(weights)
    100 * (f$coverage$value / 100)^w[1] * (f$depth$value / 100)^w[2] * (f$frequency$value / 4)^w[3]
  })
  first <- sapply(split(data, data$respondent), function(rows) {
    waves <- rows$wave[rows$available == "yes" & rows$used == "yes"]
    if (length(waves)) min(waves) else Inf
  })
  record(list(
    data = path, weights = I(weights), modules = lapply(modules, figures), functions = functions,
    roles = lapply(split(now, now$role), figures), index = index,
    cumulative = I(100 * ecdf(first)(sort(unique(data$wave))))
  ), character())
}

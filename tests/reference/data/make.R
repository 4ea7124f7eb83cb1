# The public data of R packages as CSV, at full precision. Run in this folder: Rscript --vanilla make.R
suppressMessages({library(lavaan); library(psychTools)})
source("../R/record.R")
write_data(HolzingerSwineford1939, "holzinger.csv")
write_data(PoliticalDemocracy, "democracy.csv")

# Personality items: agreeableness (A1 keyed against the others), conscientiousness, and what is known of the persons.
data(bfi)
personality <- bfi[, c(paste0("A", 1:5), paste0("C", 1:5))]
personality$gender <- c("male", "female")[bfi$gender]
personality$education <- c("some school", "school", "some college", "college", "graduate")[bfi$education]
personality$age <- bfi$age
write_data(personality, "personality.csv")

# Means of the items of the scales of the mobile-phone study.
mobi <- read_data("../../../data/mobi/responses.csv")
scales <- c(image = "IMAG", expectation = "CUEX", quality = "PERQ", value = "PERV", satisfaction = "CUSA", loyalty = "CUSL")
scores <- lapply(scales, function(prefix) rowMeans(mobi[, grepl(prefix, names(mobi)), drop = FALSE]))
write_data(as.data.frame(scores), "mobi_scores.csv")

# Simulated: eight factors of four items, N = 400, a chain of five paths.
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(20261121)
n <- 400
factors <- c("staff", "organisation", "knowledge", "technology", "crm", "qwl", "satisfaction", "loyalty")
exogenous <- matrix(0.35, 4, 4) + diag(0.65, 4)
scores <- matrix(rnorm(n * 4), n, 4) %*% chol(exogenous)
crm <- 0.45 * scores[, 1] + 0.30 * scores[, 4] + rnorm(n, sd = 0.75)
qwl <- 0.55 * crm + rnorm(n, sd = 0.8)
satisfaction <- 0.60 * qwl + rnorm(n, sd = 0.8)
loyalty <- 0.50 * satisfaction + rnorm(n, sd = 0.85)
scores <- cbind(scores, crm, qwl, satisfaction, loyalty)
items <- list()
for (f in seq_along(factors)) {
  for (i in 1:4) {
    name <- paste0(substr(factors[f], 1, 2), i)
    items[[name]] <- round(3 + c(0.8, 0.7, 0.9, 0.6)[i] * scores[, f] + rnorm(n, sd = 0.7), 6)
  }
}
write_data(as.data.frame(items), "crm.csv")

# Simulated: two factors, N = 60, in which the residual variance of a1 is estimated below zero.
set.seed(2)
n <- 60
first <- rnorm(n)
second <- 0.4 * first + rnorm(n, sd = 0.9)
heywood <- data.frame(
  a1 = 0.95 * first + rnorm(n, sd = 0.3), a2 = 0.5 * first + rnorm(n, sd = 0.9), a3 = 0.4 * first + rnorm(n, sd = 0.9),
  b1 = 0.8 * second + rnorm(n, sd = 0.6), b2 = 0.7 * second + rnorm(n, sd = 0.7), b3 = 0.6 * second + rnorm(n, sd = 0.8)
)
write_data(round(heywood, 4), "heywood.csv")

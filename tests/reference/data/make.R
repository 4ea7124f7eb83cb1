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

# All 25 items of the same persons, as they stand (A1, C4, C5, E1, E2, O2 and O5 keyed against their scale).
write_data(bfi[, 1:25], "bfi.csv")
# Two sets that come with R: rates of agreement with statements about 30 departments, and air quality with gaps.
write_data(attitude, "attitude.csv")
write_data(airquality, "airquality.csv")

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

# Growth over four occasions, simulated by lavaan's author.
write_data(Demo.growth, "growth.csv")

# Soldiers of the five largest companies; UNIT is the company within its battalion.
suppressMessages(library(multilevel))
data(univbct)
battalions <- univbct[univbct$TIME == 0 & univbct$COMPANY %in% c("A", "B", "C", "D", "HHC"), ]
battalions$UNIT <- paste(battalions$BTN, battalions$COMPANY, sep = "-")
write_data(battalions[, c("COMPANY", "UNIT", "MARITAL", "AGE", paste0(c("JOBSAT", "COMMIT", "READY"), rep(1:3, each = 3)))],
           "battalions.csv")

# Persons in companies: every third of the 99 groups of one study; all 49 of the other, with 14 of its items.
data(bh1996)
write_data(round(bh1996[bh1996$GRP %% 3 == 0, c("GRP", "COHES", "LEAD", "HRS", "WBEING")], 6), "teams.csv")
data(lq2002)
companies <- lq2002[, c("COMPID", paste0("LEAD0", 1:6), paste0("TSIG0", 1:3), paste0("HOSTIL0", 1:5))]
companies$half <- c("even", "odd")[companies$COMPID %% 2 + 1]
write_data(companies, "companies.csv")

# The ability tests with sampling weights; and with holes: 20 patterns of missing answers, likelier where x7 is high.
set.seed(20261122)
tests <- paste0("x", 1:9)
weighted <- HolzingerSwineford1939[, c("school", "sex", "ageyr", "grade", tests)]
weighted$weight <- round(exp(rnorm(nrow(weighted), sd = 0.5)), 3)
write_data(weighted, "holzinger_weighted.csv")
subsets <- unlist(lapply(1:4, function(size) combn(tests, size, simplify = FALSE)), recursive = FALSE)
patterns <- c(list(character()), subsets[sample(length(subsets), 19)])
chance <- plogis(0.8 * as.numeric(scale(weighted$x7)))
drawn <- ifelse(runif(nrow(weighted)) < chance, sample(2:20, nrow(weighted), replace = TRUE), 1)
drawn[5 * 1:19] <- 2:20
for (row in seq_len(nrow(weighted))) weighted[row, patterns[[drawn[row]]]] <- NA
weighted$ageyr[c(17, 88, 203, 290)] <- NA
write_data(weighted, "holzinger_holes.csv")

# Ordinal items of many kinds, simulated: two, three, five and seven categories, even and skewed, with missing answers;
# two continuous variables and a sampling weight.
set.seed(20261125)
n <- 300
factor_scores <- matrix(rnorm(2 * n), n) %*% chol(matrix(c(1, 0.4, 0.4, 1), 2))
loading <- rep(c(0.8, 0.7, 0.6, 0.75, 0.65), length.out = 14)
latent <- sapply(seq_along(loading), function(j) {
  loading[j] * factor_scores[, 1 + (j %% 2)] + sqrt(1 - loading[j]^2) * rnorm(n)
})
cuts <- list(
  b1 = 0, b2 = 0.8, b3 = -1, b4 = 2,
  t1 = c(1, 1.8), t2 = c(-0.5, 0.5), t3 = c(-1.9, -1.2),
  f1 = c(-1.2, -0.4, 0.3, 1.1), f2 = c(0.2, 0.9, 1.5, 2.1), f3 = c(-2, -1.4, -0.8, -0.1), f4 = c(-1, 0, 0.5, 1.5),
  s1 = c(-1.6, -1, -0.4, 0.2, 0.8, 1.5)
)
ordinal <- as.data.frame(sapply(seq_along(cuts), function(j) findInterval(latent[, j], cuts[[j]]) + 1))
names(ordinal) <- names(cuts)
ordinal$x1 <- round(10 + 3 * latent[, 13], 4)
ordinal$x2 <- round(latent[, 14]^2 * sign(latent[, 14]) + 1, 4)
for (name in c("b2", "t2", "f1", "f3", "s1", "x1")) ordinal[[name]][sample(n, 30)] <- NA
ordinal$weight <- round(runif(n, 0.4, 2.2), 3)
write_data(ordinal, "ordinal.csv")

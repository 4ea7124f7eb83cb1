# Partitions by stats::kmeans and stats::hclust, exact ones of a single variable by trying every set of cuts, and figures
# about them from their definitions.

source("../../R/record.R")

within_of <- function(x, labels) sum(vapply(split(as.data.frame(x), labels), function(part) sum(scale(part, scale = FALSE)^2), 0))

# Labels 1, 2, ... by the mean of all columns.
by_height <- function(x, labels) {
  means <- tapply(rowMeans(x), labels, mean)
  unname(rank(means)[as.character(labels)])
}

# Every set of k - 1 cuts between different sorted values.
optimal_of <- function(x, k) {
  values <- sort(unique(x))
  best <- NULL
  for (cuts in combn(length(values) - 1, k - 1, simplify = FALSE)) {
    labels <- findInterval(x, values[cuts + 1]) + 1
    size <- within_of(cbind(x), labels)
    if (is.null(best) || size < best$within - 1e-12) best <- list(within = size, labels = labels)
  }
  best
}

silhouettes_of <- function(x, labels) {
  away <- as.matrix(dist(x))
  vapply(seq_len(nrow(x)), function(i) {
    own <- labels == labels[i]
    if (sum(own) == 1) return(0)
    a <- sum(away[i, own]) / (sum(own) - 1)
    b <- min(tapply(away[i, !own], labels[!own], mean))
    (b - a) / max(a, b)
  }, 0)
}

# Hubert and Arabie's index from counts of pairs of rows.
adjusted_rand_of <- function(first, second) {
  pairs <- combn(length(first), 2)
  one <- first[pairs[1, ]] == first[pairs[2, ]]
  two <- second[pairs[1, ]] == second[pairs[2, ]]
  a <- sum(one & two); b <- sum(one & !two); c <- sum(!one & two); d <- sum(!one & !two)
  2 * (a * d - b * c) / ((a + b) * (b + d) + (a + c) * (c + d))
}

jaccards_of <- function(first, second) {
  vapply(sort(unique(first)), function(cluster) {
    max(vapply(unique(second), function(other) {
      length(intersect(which(first == cluster), which(second == other))) /
        length(union(which(first == cluster), which(second == other)))
    }, 0))
  }, 0)
}

partition_case <- function(path, columns, k) {
  x <- as.matrix(read_data(path, columns))
  set.seed(1)
  found <- list(
    optimal = optimal_of(rowMeans(x), k)$labels,
    kmeans = kmeans(x, k, iter.max = 200, nstart = 500)$cluster,
    ward = cutree(hclust(dist(x), "ward.D2"), k)
  )
  found <- lapply(found, function(labels) by_height(x, labels))
  total <- function(y) sum(scale(y, scale = FALSE)^2)
  about <- function(name) {
    y <- if (name == "optimal") cbind(rowMeans(x)) else x
    labels <- found[[name]]
    w <- within_of(y, labels)
    list(labels = I(labels), within = w, explained = 1 - w / total(y), silhouettes = I(silhouettes_of(y, labels)),
         calinski_harabasz = (total(y) - w) / (k - 1) / (w / (nrow(y) - k)))
  }
  record(list(
    data = path, columns = columns, k = k, n = nrow(x),
    optimal = about("optimal"), kmeans = about("kmeans"), ward = about("ward"),
    adjusted_rand = adjusted_rand_of(found$optimal, found$ward), jaccards = I(jaccards_of(found$optimal, found$ward))
  ), character())
}

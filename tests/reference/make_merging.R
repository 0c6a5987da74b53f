#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Writes merging.json, and its points to baudry_4_1.csv and others: clustCombi() of mclust on models that Mclust() fits.
#
# Those points are the published examples of Baudry, Raftery, Celeux, Lo, Gottardo 2010, "Combining mixture components
# for clustering", section 4, as mclust has them (Baudry_etal_2010_JCGS_examples). For each case: the model, to start
# from, the order of merges, with clusters named by their lowest component from 0, the entropy of 1 ... K clusters, the
# points' clusters where there are as many as clustCombiOptim() suggests, and how many it does. Needs mclust and jsonlite.
# Run it in this folder.

suppressMessages({library(mclust); library(jsonlite)})
data(Baudry_etal_2010_JCGS_examples)

published <- list("4_1" = ex4.1, "4_2" = ex4.2, "4_4_1" = ex4.4.1, "4_4_2" = ex4.4.2)
for (name in names(published)) {
  points <- as.matrix(published[[name]])
  colnames(points) <- c("x", "y", "z")[seq_len(ncol(points))]
  write.csv(signif(points, 10), sprintf("baudry_%s.csv", name), row.names = FALSE, quote = FALSE)
}

read_points <- function(file) as.matrix(read.csv(file, check.names = FALSE))
table_of <- function(name) file.path("..", "..", "data", name)
iris_points <- as.matrix(read.csv(table_of("iris.csv"))[, 1:4])
faithful_points <- read_points(table_of("faithful.csv"))
cases <- list(
  list(name = "ex4.1", file = "baudry_4_1.csv", points = read_points("baudry_4_1.csv")),
  list(name = "ex4.2", file = "baudry_4_2.csv", points = read_points("baudry_4_2.csv")),
  list(name = "ex4.4.1", file = "baudry_4_4_1.csv", points = read_points("baudry_4_4_1.csv")),
  list(name = "ex4.4.2", file = "baudry_4_4_2.csv", points = read_points("baudry_4_4_2.csv")),
  list(name = "ex4.1 of 12", file = "baudry_4_1.csv", points = read_points("baudry_4_1.csv"), G = 12, modelNames = "VVI"),
  list(name = "iris", file = "iris.csv", columns = 1:4, points = iris_points),
  list(name = "iris of 6", file = "iris.csv", columns = 1:4, points = iris_points, G = 6, modelNames = "EEE"),
  list(name = "faithful", file = "faithful.csv", points = faithful_points),
  list(name = "faithful of 7", file = "faithful.csv", points = faithful_points, G = 7, modelNames = "VVV"),
  list(name = "waiting", file = "faithful.csv", columns = 2, points = faithful_points[, 2, drop = FALSE], G = 5, modelNames = "V"))

# The clusters that each step merges, by their lowest components from 0.
merges_of <- function(combined, K) {
  steps <- list()
  names <- seq_len(K) - 1
  for (n in seq(K - 1, 1)) {
    pair <- which(combined$combiM[[n]][which(rowSums(combined$combiM[[n]]) == 2), ] == 1)
    steps[[length(steps) + 1]] <- names[pair]
    names <- names[-pair[2]]
  }
  steps
}

# What entPlot() has on the axis of its second picture, for 1 ... K clusters: how many points are in the clusters that are
# merged, summed up.
merged_points_of <- function(combined, K) {
  counts <- vapply(seq_len(K - 1), function(n) {
    pair <- which(combined$combiM[[n]][which(rowSums(combined$combiM[[n]]) == 2), ] == 1)
    sum(map(combined$combiz[[n + 1]]) %in% pair)
  }, 0)
  cumsum(c(0, counts))
}

# scikit-learn's shapes.
covariances_of <- function(fit, d) {
  sigma <- array(fit$parameters$variance$sigma, c(d, d, fit$G))
  lapply(seq_len(fit$G), function(k) matrix(sigma[, , k], d, d))
}

results <- list()
for (case in cases) {
  set.seed(1)
  d <- ncol(case$points)
  fit <- Mclust(case$points, G = if (is.null(case$G)) 1:9 else case$G, modelNames = case$modelNames, verbose = FALSE)
  # Mclust() keeps the responsibilities from before its last M-step.
  fit$z <- estep(case$points, modelName = fit$modelName, parameters = fit$parameters)$z
  combined <- clustCombi(fit)
  K <- fit$G
  entropy <- vapply(1:K, function(n) -sum(ifelse(combined$combiz[[n]] > 0, combined$combiz[[n]] * log(combined$combiz[[n]]), 0)), 0)
  family <- fit$modelName
  optimal <- clustCombiOptim(combined)
  results[[length(results) + 1]] <- list(
    name = case$name, file = case$file, columns = I(if (is.null(case$columns)) seq_len(d) else case$columns), family = family,
    start = list(weights = I(if (K > 1) as.numeric(fit$parameters$pro) else 1),
                 means = lapply(seq_len(K), function(k) I(unname(matrix(fit$parameters$mean, d, K)[, k]))),
                 covariances = covariances_of(fit, d)),
    merges = merges_of(combined, K), merged_points = I(merged_points_of(combined, K)), entropy = I(entropy), suggested = optimal$numClusters.combi,
    clusters = paste(optimal$cluster.combi - 1, collapse = ""))
  cat(sprintf("%-14s %-4s K = %-2d suggested %d\n", case$name, family, K, results[[length(results)]]$suggested))
}
write(toJSON(list(program = sprintf("mclust %s, %s", packageVersion("mclust"), R.version.string), cases = results),
             auto_unbox = TRUE, digits = 17), "merging.json")

#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Writes mclust.json: em() of mclust from every start in starts.json, without regularisation.
#
# The iterations go on (tolerance 0) until they have long stopped to change anything; the log-likelihood is that of an
# E-step with the returned parameters. The points far from the origin and the tutorial's case are left out (the latter is
# "mall" from another start). Needs mclust and jsonlite. Run it in this folder.

suppressMessages({library(mclust); library(jsonlite)})

iterations <- 5000
model_names <- c(full = "VVV", tied = "EEE", diag = "VVI", spherical = "VII")

# The points of a case: n x d.
points_of <- function(case) {
  path <- file.path("..", "..", "data", case$file)
  as.matrix(read.csv(path, check.names = FALSE)[, unlist(case$columns)])
}

# Covariances in scikit-learn's shape (nested lists) as mclust's d x d x K array.
as_array <- function(covariances, covariance, k, d) {
  if (covariance == "tied") return(array(rep(matrix(unlist(covariances), d, d), k), c(d, d, k)))
  array(sapply(covariances, function(one) switch(covariance,
    full = matrix(unlist(one), d, d), diag = diag(unlist(one)), spherical = diag(one, d))), c(d, d, k))
}

# mclust's description of a set of covariances.
variance_of <- function(sigma, covariance, k, d) {
  variance <- list(modelName = model_names[[covariance]], d = d, G = k, sigma = sigma)
  if (covariance == "full") variance$cholsigma <- array(apply(sigma, 3, chol), c(d, d, k))
  if (covariance == "tied") variance <- c(variance, list(Sigma = sigma[, , 1], cholSigma = chol(sigma[, , 1])))
  if (covariance == "diag") {
    diagonals <- apply(sigma, 3, diag)
    variance$scale <- apply(diagonals, 2, function(one) exp(mean(log(one))))
    variance$shape <- sweep(diagonals, 2, variance$scale, "/")
  }
  if (covariance == "spherical") variance$sigmasq <- sigma[1, 1, ]
  variance
}

# mclust's covariances as nested lists in scikit-learn's shape.
as_lists <- function(sigma, covariance) {
  rows <- function(one) lapply(seq_len(nrow(one)), function(i) unname(one[i, ]))
  switch(covariance,
    full = lapply(seq_len(dim(sigma)[3]), function(j) rows(sigma[, , j])),
    tied = rows(sigma[, , 1]),
    diag = lapply(seq_len(dim(sigma)[3]), function(j) unname(diag(sigma[, , j]))),
    spherical = sigma[1, 1, ])
}

results <- list()
for (case in fromJSON("starts.json", simplifyVector = FALSE)) {
  if (case$name %in% c("offset", "tutorial")) next
  points <- points_of(case)
  for (covariance in names(case$starts)) {
    start <- case$starts[[covariance]]
    k <- length(start$weights)
    d <- ncol(points)
    sigma <- as_array(start$covariances, covariance, k, d)
    parameters <- list(pro = unlist(start$weights), mean = sapply(start$means, unlist),
                       variance = variance_of(sigma, covariance, k, d))
    control <- emControl(eps = 0, tol = c(0, 0), itmax = c(iterations, iterations))
    fit <- em(points, modelName = model_names[[covariance]], parameters = parameters, control = control)
    last <- estep(points, modelName = fit$modelName, parameters = fit$parameters)
    means <- fit$parameters$mean
    results[[length(results) + 1]] <- list(
      case = case$name, covariance = covariance, reg_covar = 0, log_likelihood = last$loglik,
      weights = fit$parameters$pro, means = lapply(seq_len(k), function(j) unname(means[, j])),
      covariances = as_lists(fit$parameters$variance$sigma, covariance))
    cat(sprintf("%-14s %-10s %.12f\n", case$name, covariance, last$loglik))
  }
}

lines <- vapply(results, function(result) toJSON(result, auto_unbox = TRUE, digits = 17), "")
writeLines(c(sprintf('{"program":"mclust %s, %s","results":[', packageVersion("mclust"), R.version.string),
             paste0(lines, c(rep(",", length(lines) - 1), "")), "]}"), "mclust.json")

#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Writes mclust_priors.json: where me() of mclust ends with a conjugate prior, from given labels.
#
# The iterations go on (tolerance 0) until they have long stopped to change anything; the log-likelihood is that of an E-step with the
# returned parameters. EII and EEI are left out: mclust's EII does not use the scale, its EEI does not shrink means. Needs mclust and
# jsonlite. Run it in this folder.

suppressMessages({library(mclust); library(jsonlite)})

table_of <- function(name) read.csv(file.path("..", "..", "data", name), check.names = FALSE)
iris_table <- table_of("iris.csv")
faithful_table <- table_of("faithful.csv")
cases <- list(
  iris = list(file = "iris.csv", columns = 1:4, labels = as.integer(factor(iris_table$Species)) - 1L),
  eruptions = list(file = "faithful.csv", columns = 1, labels = as.integer(faithful_table$eruptions > 3)))
settings <- list(
  list(), list(shrinkage = 5), list(shrinkage = 0.5, dof = 9, mean = "given", scale = "given"))

# defaultPrior() takes a dof, and does not use it.
prior_with_dof <- function(..., dof = NULL) {
  prior <- defaultPrior(...)
  if (!is.null(dof)) prior$dof <- dof
  prior
}

# Covariances (d x d x K) as nested lists in the shape that the family has in model files.
as_lists <- function(sigma, code) {
  matrix_of <- function(one) lapply(seq_len(nrow(one)), function(i) unname(one[i, ]))
  k <- seq_len(dim(sigma)[3])
  switch(code, VII = sigma[1, 1, ], EEE = matrix_of(sigma[, , 1]), VVI = lapply(k, function(j) unname(diag(sigma[, , j]))),
         lapply(k, function(j) matrix_of(sigma[, , j])))
}

results <- list()
for (name in names(cases)) {
  case <- cases[[name]]
  points <- as.matrix(table_of(case$file)[, case$columns, drop = FALSE])
  d <- ncol(points)
  G <- length(unique(case$labels))
  codes <- if (d == 1) c("E", "V") else c("VII", "VVI", "VEI", "EVI", "EEE", "EEV", "VEV", "VVV")
  for (code in codes) for (setting in settings) {
    if (d == 1 && length(setting) > 2 || d > 1 && length(setting) == 1) next
    given <- setting
    if (length(setting) > 2) {
      given$mean <- unname(round(colMeans(points) + 0.5, 3))
      given$scale <- if (substr(code, 3, 3) == "I") 0.4 else diag(d) * 0.3 + 0.1
    }
    prior <- do.call(priorControl, c(functionName = "prior_with_dof", given))
    control <- emControl(eps = 0, tol = c(0, 1e-16), itmax = c(20000, 5000))
    data <- if (d == 1) points[, 1] else points
    fit <- suppressWarnings(me(data, modelName = code, z = unmap(case$labels), prior = prior, control = control))
    last <- estep(data, modelName = code, parameters = fit$parameters)
    mean <- matrix(fit$parameters$mean, d, G)
    sigma <- if (d == 1) array(rep_len(fit$parameters$variance$sigmasq, G), c(1, 1, G)) else fit$parameters$variance$sigma
    lists <- if (code == "E") list(list(sigma[1, 1, 1])) else if (code == "V") lapply(1:G, function(j) list(list(sigma[1, 1, j]))) else as_lists(sigma, code)
    options <- list()
    if (!is.null(given$shrinkage)) options[["prior-shrinkage"]] <- format(given$shrinkage)
    if (!is.null(given$dof)) options[["prior-dof"]] <- format(given$dof)
    if (!is.null(given$mean)) options[["prior-mean"]] <- paste(format(given$mean, digits = 15, trim = TRUE), collapse = ",")
    options[["prior-scale"]] <- if (is.null(given$scale)) "mclust" else paste(format(given$scale, trim = TRUE), collapse = ",")
    results[[length(results) + 1]] <- list(
      case = name, file = case$file, columns = I(case$columns), labels = case$labels,
      covariance = switch(code, E = "EEE", V = "VVV", code), options = options, log_likelihood = last$loglik,
      weights = fit$parameters$pro, means = lapply(seq_len(G), function(j) I(unname(mean[, j]))), covariances = lists)
    cat(sprintf("%-10s %-4s %-40s %.12f\n", name, code, paste(names(options), options, collapse = " "), last$loglik))
  }
}

lines <- vapply(results, function(result) toJSON(result, auto_unbox = TRUE, digits = 17), "")
writeLines(c(sprintf('{"program":"mclust %s, %s","results":[', packageVersion("mclust"), R.version.string),
             paste0(lines, c(rep(",", length(lines) - 1), "")), "]}"), "mclust_priors.json")

# SPDX-License-Identifier: BSD-3-Clause
# Standard errors and percentile intervals by mclust's weighted likelihood bootstrap, for tests/cli/test_bootstrap.py:
#
#     Rscript make_bootstrap.R > bootstrap.json
#
# MclustBootstrap(type = "wlbs") of models that EM has brought to their optimum (mclust itself stops earlier, tol = 1e-5 of the
# log-likelihood), with as strict a tolerance in each replicate.

suppressMessages(library(mclust))
library(jsonlite)

cases <- list(
  list(name = "faithful VVV 2", data = as.matrix(faithful), family = "VVV", gmmpi = "full", components = 2),
  list(name = "faithful EEE 3", data = as.matrix(faithful), family = "EEE", gmmpi = "tied", components = 3),
  list(name = "iris VEV 2", data = as.matrix(iris[, 1:4]), family = "VEV", gmmpi = "VEV", components = 2)
)
replicates <- 1999
level <- 0.95
control <- emControl(tol = c(1e-10, 1e-10))

one <- function(case) {
  x <- case$data
  fitted <- Mclust(x, G = case$components, modelNames = case$family, control = control, verbose = FALSE)
  fitted$control <- control # goes on to me.weighted
  set.seed(1)
  bootstrap <- MclustBootstrap(fitted, nboot = replicates, type = "wlbs", verbose = FALSE)
  errors <- summary(bootstrap, what = "se")
  ends <- c((1 - level) / 2, (1 + level) / 2)
  quantiles <- function(a, i) unname(apply(a, 2:length(dim(a)), quantile, probs = ends[i], type = 7))
  by_component <- function(a) if (length(dim(a)) == 3) aperm(a, c(3, 1, 2)) else t(a)
  list(
    name = case$name, family = case$family, gmmpi_covariance = case$gmmpi, components = case$components,
    log_likelihood = fitted$loglik,
    parameters = list(
      weights = fitted$parameters$pro, means = by_component(unname(fitted$parameters$mean)),
      covariances = by_component(unname(fitted$parameters$variance$sigma))
    ),
    standard_error = list(
      weights = unname(errors$pro), means = by_component(unname(errors$mean)),
      covariances = by_component(unname(errors$variance))
    ),
    lower = list(
      weights = quantiles(bootstrap$pro, 1), means = by_component(quantiles(bootstrap$mean, 1)),
      covariances = by_component(quantiles(bootstrap$variance, 1))
    ),
    upper = list(
      weights = quantiles(bootstrap$pro, 2), means = by_component(quantiles(bootstrap$mean, 2)),
      covariances = by_component(quantiles(bootstrap$variance, 2))
    ),
    n_replicates = replicates, n_failed = bootstrap$nonfit
  )
}

cat(toJSON(list(
  mclust = as.character(packageVersion("mclust")), R = R.version.string, level = level,
  cases = lapply(cases, one)
), digits = 15, auto_unbox = TRUE), "\n")

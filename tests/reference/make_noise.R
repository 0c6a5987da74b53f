#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Writes noise.csv, noise_labels.csv and noise.json: me() of mclust with a noise component, of every family that it has,
# from labels, and hypvol() of some data. Needs mclust and jsonlite. Run it in this folder.

suppressMessages({library(mclust); library(jsonlite)})

set.seed(7)
clusters <- rbind(matrix(rnorm(160), 80, 2), matrix(rnorm(160), 80, 2) %*% matrix(c(2, 1, 0, .5), 2) + 6)
points <- rbind(clusters, matrix(runif(80, -8, 14), 40, 2))
labels <- rep(c(3, 5, -1), c(80, 80, 40))
write.table(signif(points, 8), "noise.csv", sep = ",", row.names = FALSE, col.names = c("x", "y"), quote = FALSE)
write.table(labels, "noise_labels.csv", row.names = FALSE, col.names = FALSE)
points <- as.matrix(read.csv("noise.csv"))

# me() ends as soon as the log-likelihood repeats itself, where parameters still move in their eighth digit: it is called again
# and again.
control <- emControl(eps = 0, tol = c(0, 1e-14), itmax = c(5000, 5000))
z <- cbind(labels == 3, labels == 5, labels == -1) * 1
fits <- list()
for (name in mclust.options("emModelNames")) {
  last <- list(z = z)
  for (turn in 1:100) {
    fit <- me(points, name, z = last$z, Vinv = 1 / hypvol(points), control = control)
    last <- estep(points, modelName = name, parameters = fit$parameters)
  }
  k <- nMclustParams(name, 2, 2, noise = TRUE)
  fits[[name]] <- list(log_likelihood = last$loglik, weights = fit$parameters$pro[1:2], noise_weight = fit$parameters$pro[3],
                       means = t(unname(fit$parameters$mean)),
                       covariances = lapply(1:2, function(j) unname(fit$parameters$variance$sigma[, , j])),
                       n_parameters = k, bic = -bic(name, last$loglik, nrow(points), 2, 2, noise = TRUE))
}

# With the default prior.
with_prior <- list()
for (name in c("VVV", "EEE", "VVI", "VII")) {
  last <- list(z = z)
  for (turn in 1:100) {
    fit <- me(points, name, z = last$z, Vinv = 1 / hypvol(points), prior = priorControl(), control = control)
    last <- estep(points, modelName = name, parameters = fit$parameters)
  }
  with_prior[[name]] <- list(log_likelihood = last$loglik, noise_weight = fit$parameters$pro[3])
}

# Volumes: of points along the axes, of some that lie aslant, of one feature, and of data sets of R.
aslant <- points[81:160, ]
volumes <- list(noise = hypvol(points), aslant = hypvol(aslant), line = hypvol(points[, 1]),
                iris = hypvol(as.matrix(iris[, 1:4])), faithful = hypvol(as.matrix(faithful)))
write(toJSON(list(program = sprintf("mclust %s, %s", packageVersion("mclust"), R.version.string), fits = fits, with_prior = with_prior,
                  volumes = volumes),
             auto_unbox = TRUE, digits = 17, pretty = 1), "noise.json")

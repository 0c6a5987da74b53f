#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Shows what in mclust depends on the units of the data: the default prior of diagonal and spherical families, the test for singular
# covariances, the tolerance; and what identical rows do.
suppressMessages(library(mclust))
cat("mclust", format(packageVersion("mclust")), "\n")
data <- as.matrix(iris[, 1:4])
colnames(data) <- NULL
z <- unmap(rep(1:3, each = 50))
units <- diag(c(1, 1, 1, 1000))
for (model in c("VVI", "VII", "VVV")) {
  labels <- lapply(list(data, data %*% units), function(x) {
    f <- suppressWarnings(me(x, model, z, prior = priorControl(), control = emControl(tol = 1e-10)))
    list(map(f$z), f$parameters$variance$sigma[1, 1, ], f$parameters$mean)
  })
  cat(sprintf("%s with the default prior, 4th column x 1 and x 1000: scale[1] %.4g and %.4g; variances of column 1: %s and %s\n", model,
              as.matrix(defaultPrior(data, 3, model)$scale)[1], as.matrix(defaultPrior(data %*% units, 3, model)$scale)[1],
              paste(format(labels[[1]][[2]], digits = 4), collapse = " "), paste(format(labels[[2]][[2]], digits = 4), collapse = " ")))
}
for (s in c(1, 1e-4, 1e-7, 1e-8, 1e8)) {
  f <- me(data * s, "VVV", z, control = emControl(tol = 1e-10))
  cat(sprintf("iris x %g: me VVV loglik + 150 * 4 log(scale) = %.9f, warning: %s\n", s, f$loglik + 600 * log(s), paste(attr(f, "WARNING"), "")))
}
for (s in c(1, 1e-7, 1e-8)) {
  f <- Mclust(data * s, verbose = FALSE)
  cat(sprintf("Mclust(iris x %g):", s), if (is.null(f)) "NULL" else paste(f$modelName, f$G), "\n")
}
same <- matrix(c(1, 2), 200, 2, byrow = TRUE)
for (model in c("VVV", "VVI", "VII"))
  cat("200 identical rows,", model, "with the default prior: scale", format(defaultPrior(same, 1, model)$scale), "-> loglik",
      suppressWarnings(tryCatch(me(same, model, matrix(1, 200, 1), prior = priorControl())$loglik, error = function(e) conditionMessage(e))), "\n")

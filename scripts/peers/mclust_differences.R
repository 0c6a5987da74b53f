#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Shows mclust's defaults, starts of large tables, missing values, collapses, and what its functions do with models of one component, with noise,
# and with covariances that differ in orientation alone.
suppressMessages(library(mclust))
cat("mclust", format(packageVersion("mclust")), "\n")
data <- as.matrix(iris[, 1:4])
said <- function(call) tryCatch(paste(class(call), collapse = " "), error = function(e) paste("error:", conditionMessage(e)))
cat("defaults: tol", emControl()$tol, "itmax", emControl()$itmax[1], "rows for the start at most", mclust.options("subset"), "\n")
tight <- Mclust(data, 3, "VVV", verbose = FALSE, control = emControl(tol = 1e-11))
cat(sprintf("iris VVV 3, tol 1e-11: loglik %.6f, bic %.6f\n", tight$loglik, tight$bic))
best <- Mclust(data, verbose = FALSE)
cat(sprintf("Mclust(iris): %s %d, bic %.4f\n", best$modelName, best$G, best$bic))
set.seed(1)
large <- matrix(rnorm(12000), 3000, 4)
for (i in 1:2) cat(sprintf("3000 rows, the same call, number %d: loglik %.3f\n", i, Mclust(large, 3, "VVV", verbose = FALSE)$loglik))
missing <- data
missing[3, 2] <- NA
cat("a missing value:", said(Mclust(missing, 2, verbose = FALSE)), "\n")
cat("more components than rows:", said(Mclust(data, 200, verbose = FALSE)), "\n")
collapsing <- rbind(matrix(0, 50, 2), matrix(rnorm(100, 5), 50, 2))
cat("50 identical rows beside 50 others, VVV 2:", said(Mclust(collapsing, 2, "VVV", verbose = FALSE)), "\n")
one <- Mclust(data, 1, verbose = FALSE)
cat("one component is called", one$modelName, "; estep of it:", said(estep(data, one$modelName, one$parameters)), "\n")
noisy <- Mclust(data, 2, "VVV", initialization = list(noise = 1:5), verbose = FALSE)
cat("sim of a model with noise:", said(sim(noisy$modelName, noisy$parameters, 10)), "\n")
turned <- matrix(c(cos(pi / 6), sin(pi / 6), -sin(pi / 6), cos(pi / 6)), 2)
sigma <- array(c(diag(c(4, 1)), turned %*% diag(c(4, 1)) %*% t(turned)), c(2, 2, 2))
back <- do.call(decomp2sigma, sigma2decomp(sigma))
cat("sigma2decomp of two covariances, one turned by 30 degrees:", sigma2decomp(sigma)$modelName, "; decomp2sigma of it differs by", max(abs(back - sigma)), "\n")

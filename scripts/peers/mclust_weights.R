#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Shows that me.weighted() of mclust divides weights by the largest and keeps n as the number of rows: against rows that are repeated.
suppressMessages(library(mclust))
cat("mclust", format(packageVersion("mclust")), "\n")
data <- as.matrix(faithful)
n <- nrow(data)
w <- rep(1:4, length.out = n)
z <- unmap(ifelse(data[, 1] > 3, 2, 1))
many <- rep(seq_len(n), w)
show <- function(name, fit, data, w) {
  density <- dens(fit$modelName, data = data, parameters = fit$parameters)
  cat(sprintf("%-24s n %d, loglik %.9f; sum of w log density of these parameters %.9f; mean[1,1] %.12f\n", name, fit$n, fit$loglik,
              sum(w * log(density)), fit$parameters$mean[1, 1]))
}
tight <- emControl(tol = c(0, 0), itmax = c(3000, 3000))
show("rows repeated", suppressWarnings(me(data[many, ], "VVV", z[many, ], control = tight)), data, w)
show("weights 1 to 4", me.weighted(data, "VVV", z, weights = w, control = emControl(tol = 1e-12)), data, w)
show("weights 0.25 to 1", me.weighted(data, "VVV", z, weights = w / 4, control = emControl(tol = 1e-12)), data, w)
show("weights 0.025 to 0.1", me.weighted(data, "VVV", z, weights = w / 40, control = emControl(tol = 1e-12)), data, w)
cat("what me.weighted returns:", names(me.weighted(data, "VVV", z, weights = w)), "\n")
cat("iterations until it stops at the default tol 1e-5, which is absolute and so grows with the weights:",
    sapply(c(1, 0.01, 1e-4), function(s) {
      f <- me.weighted(data, "VVV", matrix(c(0.6, 0.4), n, 2) + 0.1 * cbind(z[, 1] - 0.5, z[, 2] - 0.5), weights = s * w / 4)
      sprintf("weights x %g: sum w log f %.6f", s, sum(w * log(dens("VVV", data = data, parameters = f$parameters))))
    }), sep = "\n  ")
cat("\n")
zero <- w; zero[1:50] <- 0
a <- me.weighted(data, "VVV", z, weights = zero, control = emControl(tol = 1e-12))
b <- me.weighted(data[-(1:50), ], "VVV", z[-(1:50), ], weights = zero[-(1:50)], control = emControl(tol = 1e-12))
cat(sprintf("50 rows of weight 0 against 50 rows less: mean differs by %.1e, n %d and %d\n", max(abs(a$parameters$mean - b$parameters$mean)), a$n, b$n))
p <- priorControl(shrinkage = 5)
a <- me.weighted(data, "VVV", z, weights = w, prior = p, control = emControl(tol = 1e-12))
b <- suppressWarnings(me(data[many, ], "VVV", z[many, ], prior = p, control = tight))
cat(sprintf("with a prior: mean[1,1] %.9f with weights, %.9f with repeated rows\n", a$parameters$mean[1, 1], b$parameters$mean[1, 1]))

#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Shows mclust's log-likelihood and criteria: which parameters it belongs to, where the default tolerance stops, families whose
# log-likelihood falls from one iteration to the next, the sign of BIC and ICL, the count of parameters.
suppressMessages(library(mclust))
cat("mclust", format(packageVersion("mclust")), "\n")
data <- as.matrix(iris[, 1:4])
n <- nrow(data)
# me() ends with an E-step, Mclust() adds an M-step where the weights still moved.
z <- unmap(hclass(hc(data, modelName = "VVV"), 3))
fit <- me(data, "VVV", z)
cat(sprintf("me, VVV 3: loglik %.6f, of the returned parameters %.6f\n", fit$loglik, estep(data, "VVV", fit$parameters)$loglik))
for (prior in list(NULL, priorControl()))
  for (model in c("VVV", "EEE", "EVI", "VEV")) {
    fit <- Mclust(data, 3, model, prior = prior, verbose = FALSE)
    again <- estep(data, model, fit$parameters)
    cat(sprintf("Mclust, %s 3%s: loglik %.6f, of the returned parameters %.6f; z is that of the returned parameters to %.0e\n", model,
                if (is.null(prior)) "" else " with the default prior", fit$loglik, again$loglik, max(abs(again$z - fit$z))))
  }
fit <- Mclust(data, 3, "VVV", verbose = FALSE)
cat(sprintf("bic %.6f = 2 loglik - df log n %.6f (larger is better); icl %.6f = bic + 2 sum log max z %.6f\n", fit$bic,
            2 * fit$loglik - fit$df * log(n), icl(fit), fit$bic + 2 * sum(log(apply(fit$z, 1, max)))))
z <- unmap(hclass(hc(data, modelName = "VVV"), 6))
for (tol in c(1e-5, 1e-8, 1e-11)) {
  f <- me(data, "VVV", z, control = emControl(tol = tol))
  cat(sprintf("iris VVV 6 from hc(): tol %g: loglik %.6f after %d iterations\n", tol, f$loglik, attr(f, "info")["iterations"]))
}
ends <- sapply(1:30, function(seed) {
  set.seed(seed)
  start <- unmap(sample(rep(1:6, 25)))
  c(me(data, "VVV", start)$loglik, me(data, "VVV", start, control = emControl(tol = 1e-11))$loglik)
})
worst <- which.max(ends[2, ] - ends[1, ])
cat(sprintf("iris VVV 6 from random labels, seed %d: default tol %.3f, tol 1e-11 %.3f; of 30 seeds %d end more than 1 too low\n", worst,
            ends[1, worst], ends[2, worst], sum(ends[2, ] - ends[1, ] > 1, na.rm = TRUE)))
cat("\nlog-likelihood of me(itmax = i), i = 1, 2 ...: iterations in which it falls by more than 1e-6, and the largest fall\n")
for (model in mclust.options("emModelNames")) {
  falls <- sapply(2:5, function(G) {
    start <- unmap(hclass(hc(data, modelName = "VVV"), G))
    l <- sapply(1:60, function(i) suppressWarnings(me(data, model, start, control = emControl(tol = c(0, sqrt(.Machine$double.eps)),
                                                                                             itmax = c(i, 1000000))))$loglik)
    d <- diff(l)
    c(sum(d < -1e-6, na.rm = TRUE), max(0, -d, na.rm = TRUE))
  })
  if (any(falls[1, ] > 0))
    cat(sprintf("%s: K = 2 to 5: %s of 59, largest %s\n", model, paste(falls[1, ], collapse = " "), paste(sprintf("%.3g", falls[2, ]), collapse = " ")))
}

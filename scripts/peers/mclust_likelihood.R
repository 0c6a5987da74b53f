#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Shows mclust's log-likelihood and criteria: which parameters it belongs to, where the default tolerance stops, families whose
# log-likelihood falls from one iteration to the next, the sign of BIC and ICL, the count of parameters.
suppressMessages(library(mclust))
cat("mclust", format(packageVersion("mclust")), "\n")
data <- as.matrix(iris[, 1:4])
n <- nrow(data)
fit <- Mclust(data, 3, "VVV", verbose = FALSE)
cat(sprintf("Mclust: loglik %.10f, log-likelihood of the returned parameters %.10f, E-step with them changes z by %.0e\n", fit$loglik,
            sum(log(dens("VVV", data = data, parameters = fit$parameters))), max(abs(estep(data, "VVV", fit$parameters)$z - fit$z))))
cat(sprintf("bic %.6f = 2 loglik - df log n %.6f (larger is better); icl %.6f = bic + 2 sum log max z %.6f\n", fit$bic,
            2 * fit$loglik - fit$df * log(n), icl(fit), fit$bic + 2 * sum(log(apply(fit$z, 1, max)))))
z <- unmap(hclass(hc(data, modelName = "VVV"), 6))
for (tol in c(1e-5, 1e-8, 1e-11)) {
  f <- me(data, "VVV", z, control = emControl(tol = tol))
  cat(sprintf("iris VVV 6 from hc(): tol %g: loglik %.6f after %d iterations\n", tol, f$loglik, attr(f, "info")["iterations"]))
}
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

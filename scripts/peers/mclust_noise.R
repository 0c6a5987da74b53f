#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Shows what mclust does with noise: the volume of hypvol(), the M-step of each family against formulas, and the count of parameters.
suppressMessages(library(mclust))
cat("mclust", format(packageVersion("mclust")), "\n")
set.seed(1)
data <- rbind(as.matrix(iris[, 1:3]), sapply(1:3, function(j) runif(30, min(iris[, j]), max(iris[, j]))))
colnames(data) <- NULL
n <- nrow(data); d <- 3; G <- 3
width <- function(x) prod(apply(x, 2, function(v) diff(range(v))))
box <- width(data)
components <- width(scale(data, scale = FALSE) %*% eigen(cov(data))$vectors)
cat(sprintf("hypvol %.15g, box of the columns %.15g, box of the principal components (of the covariance, not scaled) %.15g\n",
            hypvol(data), box, components))
turned <- data %*% matrix(c(1, 1, 1, -1, 1, 0, 0.2, 0, 1), 3)
cat(sprintf("after a linear map with determinant %.3g: hypvol ratio %.3g\n", det(matrix(c(1, 1, 1, -1, 1, 0, 0.2, 0, 1), 3)), hypvol(turned) / hypvol(data)))
cat("a constant column: hypvol", hypvol(cbind(data, 1)), " 1/hypvol", hypvol(cbind(data, 1), reciprocal = TRUE), "\n")

z <- cbind(unmap(c(rep(1:3, each = 50), rep(4, 30))) * 0.8 + 0.05)
Vinv <- hypvol(data, reciprocal = TRUE)
nk <- colSums(z)[1:G]
# One iteration of me(): an M-step from z, then an E-step.
for (model in mclust.options("emModelNames")) {
  one <- suppressWarnings(me(data, model, z, Vinv = Vinv, control = emControl(eps = 0, tol = c(0, 1e-15), itmax = c(1, 100000))))
  p <- one$parameters
  m <- t(data) %*% z[, 1:G] / rep(nk, each = d)
  w <- lapply(1:G, function(k) crossprod(sweep(data, 2, m[, k]) * sqrt(z[, k])))
  dens <- sapply(1:G, function(k) dmvnorm(data, p$mean[, k], p$variance$sigma[, , k]))
  mixture <- dens %*% p$pro[1:G] + p$pro[G + 1] * Vinv
  total <- sum(log(mixture))
  # The expected complete log-likelihood is at its maximum over the scale of all covariances: trace(sum of inverse(Sigma_k) W_k) = d sum n_k.
  slack <- sum(sapply(1:G, function(k) sum(diag(solve(p$variance$sigma[, , k], w[[k]]))))) / (d * sum(nk)) - 1
  cat(sprintf("%s: sum(pro) - 1 %.0e, pro - sum(z)/n %.0e, means %.0e, scale %.0e, log-likelihood of the returned parameters %.0e, df %d = %d + 2\n",
              model, sum(p$pro) - 1, max(abs(p$pro - colSums(z) / n)), max(abs(p$mean - m)), slack, one$loglik / total - 1,
              nMclustParams(model, d, G, noise = TRUE), nMclustParams(model, d, G)))
}
fit <- Mclust(data, 3, "VVV", initialization = list(noise = 151:180))
cat(sprintf("Mclust: noise in %s, hypvol element %.6g = 1 / Vinv %.6g, bic %.10g = 2 * loglik - df * log(n) %.10g, labels of noise %s\n",
            "initialization", fit$hypvol, 1 / fit$parameters$Vinv, fit$bic, 2 * fit$loglik - fit$df * log(n), paste(setdiff(unique(fit$classification), 1:3), collapse = " ")))
cat(sprintf("icl %.10g = bic + 2 sum log max z %.10g (noise column counts: %d columns)\n", icl(fit), fit$bic + 2 * sum(log(apply(fit$z, 1, max))), ncol(fit$z)))
only <- mclustBIC(data, 0:1, "VVV", initialization = list(noise = 151:180))
cat(sprintf("noise alone: bic %.10g = 2 n log(Vinv) - log(n) %.10g (1 parameter)\n", only[1], 2 * n * log(Vinv) - log(n)))
equal <- nMclustParams("VVV", d, G, noise = TRUE, equalPro = TRUE)
cat(sprintf("equal proportions: df %d = %d + 2\n", equal, nMclustParams("VVV", d, G, equalPro = TRUE)))

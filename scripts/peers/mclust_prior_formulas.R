#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Shows what the M-steps of mclust with a prior compute, family by family: prints for me() (one iteration) and mstep() how far they are from
# a formula that is written out here (0: equal to rounding), with and without shrinkage, and which families have no prior.
#
# W_k = sum of z (x - m_k)(x - m_k)' about the unshrunk mean m_k, plus shrinkage n_k / (shrinkage + n_k) (m_k - mu_p)(m_k - mu_p)'.
suppressMessages(library(mclust))
data <- as.matrix(iris[, 1:3]) %*% diag(c(1, 2, 3))
set.seed(1)
G <- 3; n <- nrow(data); d <- ncol(data)
z <- matrix(rexp(n * G), n, G); z[1:50, 1] <- z[1:50, 1] + 4; z[51:100, 2] <- z[51:100, 2] + 3
z <- z / rowSums(z)
nk <- colSums(z)
geomean <- function(v) exp(mean(log(v)))

# What the formula gives: a list of means (d x G) and covariances (d x d x G). "caller" is "me" or "mstep" where they differ.
formula_of <- function(model, caller, kappa) {
  p <- defaultPrior(data, G = G, modelName = model, shrinkage = kappa)
  nu <- p$dof
  s <- if (kappa > 0) 1 else 0
  m <- sweep(t(data) %*% z, 2, nk, "/")
  w <- lapply(1:G, function(k) {
    y <- sweep(data, 2, m[, k]); b <- m[, k] - p$mean
    crossprod(y * sqrt(z[, k])) + kappa * nk[k] / (kappa + nk[k]) * tcrossprod(b)
  })
  shrunk <- sapply(1:G, function(k) (nk[k] * m[, k] + kappa * p$mean) / (nk[k] + kappa))
  if (model == "EEI" || (model == "EEV" && caller == "mstep")) shrunk <- m
  if (model == "EEV" && caller == "mstep") {                     # mstep() sets the shrinkage to 0
    s <- 0
    w <- lapply(1:G, function(k) crossprod(sweep(data, 2, m[, k]) * sqrt(z[, k])))
  }
  if (model == "EII" && caller == "mstep")                       # mstep() takes the squares about the shrunk means
    w <- lapply(1:G, function(k) crossprod(sweep(data, 2, shrunk[, k]) * sqrt(z[, k])) +
      kappa * nk[k] / (kappa + nk[k]) * tcrossprod(m[, k] - p$mean))
  total <- Reduce(`+`, w)
  each <- function(f) array(sapply(1:G, f), c(d, d, G))
  tr <- function(a) sum(diag(a))
  sigma <- switch(model,
    EII = each(function(k) diag(tr(total) / (nu + n * d + 2 + (if (caller == "me") 1 else s) * G * d), d)),
    VII = each(function(k) diag((p$scale + tr(w[[k]])) / (nu + nk[k] * d + 2 + s * d), d)),
    EEI = each(function(k) diag((p$scale + diag(total)) / (nu + n + (if (caller == "me") 1 + s else 2 + s * G)))),
    VVI = each(function(k) diag((p$scale + diag(w[[k]])) / (nu + nk[k] + 2 + s))),
    EVI = {
      b <- sapply(1:G, function(k) p$scale + diag(w[[k]]))
      g <- apply(b, 2, geomean)
      volume <- sum(g) / (nu + n + (if (caller == "me") 1 + s else 2 + s * G))
      each(function(k) diag(volume * b[, k] / g[k]))
    },
    VEI = {
      b <- sapply(1:G, function(k) p$scale + diag(w[[k]]))
      shape <- rep(1, d)
      for (i in 1:10000) {
        volume <- colSums(b / shape) / (d * nk + nu + 2 + s)
        shape <- rowSums(sweep(b, 2, volume, "/")); shape <- shape / geomean(shape)
      }
      each(function(k) diag(volume[k] * shape))
    },
    EEE = each(function(k) (p$scale + total) / (nu + n + d + 1 + s * G)),
    VVV = each(function(k) (p$scale + w[[k]]) / (nu + nk[k] + d + (if (caller == "me") 2 else 1 + s))),
    EEV = {
      e <- lapply(1:G, function(k) eigen(p$scale + w[[k]], symmetric = TRUE))
      a <- rowSums(sapply(e, `[[`, "values"))
      each(function(k) e[[k]]$vectors %*% diag(a) %*% t(e[[k]]$vectors) / (nu + d + 1 + s + n))
    },
    VEV = {
      e <- lapply(1:G, function(k) eigen(p$scale + w[[k]], symmetric = TRUE))
      b <- sapply(e, `[[`, "values")
      shape <- rowSums(b); shape <- shape / geomean(shape)
      for (i in 1:10000) {
        volume <- colSums(b / shape) / (d * nk)
        shape <- rowSums(sweep(b, 2, volume, "/")); shape <- shape / geomean(shape)
      }
      each(function(k) e[[k]]$vectors %*% diag(volume[k] * shape) %*% t(e[[k]]$vectors))
    })
  list(mean = shrunk, sigma = sigma)
}

cat("mclust", format(packageVersion("mclust")), "\n")
for (model in c("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "EEV", "VEV", "VVV"))
  for (kappa in c(0.01, 5, 0)) {
    prior <- priorControl(shrinkage = kappa)
    one <- emControl(eps = 0, tol = c(0, 1e-15), itmax = c(1, 100000))
    got <- list(me = suppressWarnings(me(data, model, z, prior = prior, control = one)),
                mstep = mstep(data, model, z, prior = prior, control = one))
    cat(sprintf("%-4s shrinkage %-5g", model, kappa))
    for (caller in names(got)) {
      f <- formula_of(model, caller, kappa)
      parameters <- got[[caller]]$parameters
      cat(sprintf("  %s: means %.0e, covariances %.0e", caller, max(abs(parameters$mean - f$mean)),
                  max(abs(parameters$variance$sigma - f$sigma)) / max(abs(f$sigma))))
    }
    cat("\n")
  }

x <- data[, 2]
for (kappa in c(0.01, 5, 0)) {
  p <- defaultPrior(x, G = G, modelName = "V", shrinkage = kappa)
  m <- colSums(x * z) / nk
  w <- sapply(1:G, function(k) sum(z[, k] * (x - m[k])^2) + kappa * nk[k] / (kappa + nk[k]) * (m[k] - p$mean)^2)
  s <- if (kappa > 0) 1 else 0
  one <- emControl(eps = 0, tol = 0, itmax = 1)
  for (model in c("E", "V")) {
    got <- list(me = suppressWarnings(me(x, model, z, prior = priorControl(shrinkage = kappa), control = one)),
                mstep = mstep(x, model, z, prior = priorControl(shrinkage = kappa)))
    cat(sprintf("%-4s shrinkage %-5g", model, kappa))
    for (caller in names(got)) {
      extra <- if (caller == "me") 1 else s
      f <- if (model == "E") (p$scale + sum(w)) / (p$dof + n + 2 + extra * G) else (p$scale + w) / (p$dof + nk + 2 + extra)
      cat(sprintf("  %s: variance %.0e", caller, max(abs(got[[caller]]$parameters$variance$sigmasq / f - 1))))
    }
    cat("\n")
  }
}
for (model in c("EVE", "VEE", "VVE", "EVV")) {
  said <- tryCatch({ fit <- withCallingHandlers(me(data, model, z, prior = priorControl()), warning = function(w) {
    cat(model, "me() warns:", conditionMessage(w), "\n"); invokeRestart("muffleWarning") })
    paste("log-likelihood", fit$loglik) }, error = function(e) paste("error:", conditionMessage(e)))
  cat(model, said, "\n")
}

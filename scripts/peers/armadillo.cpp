// SPDX-License-Identifier: BSD-3-Clause
// Shows what is particular about gmm_full and gmm_diag of Armadillo: which parameters avg_log_p belongs to, when EM
// stops, the floor of variances, points far from the origin, components that cannot be updated. Run: g++ -O2
// armadillo.cpp -o armadillo -larmadillo && ./armadillo ../../data/iris.csv
#define ARMA_WARN_LEVEL 3
#include <armadillo>
#include <cstdio>
#include <sstream>

static arma::gmm_full start_of(const arma::mat &x, unsigned k)
{
  arma::gmm_full model;
  model.reset(x.n_rows, k);
  arma::mat means(x.n_rows, k);
  for (unsigned j = 0; j < k; ++j) means.col(j) = x.col(j * 60);
  arma::cube covariances(x.n_rows, x.n_rows, k);
  covariances.each_slice() = arma::mat(arma::cov(x.t(), 1));
  model.set_params(means, covariances, arma::rowvec(k, arma::fill::value(1.0 / k)));
  return model;
}

// EM from the given start; the last line that it printed.
static std::string learn(arma::gmm_full &model, const arma::mat &x, unsigned iterations, double floor)
{
  std::ostringstream said;
  arma::set_cout_stream(said);
  const bool worked = model.learn(x, model.n_gaus(), arma::eucl_dist, arma::keep_existing, 0, iterations, floor, true);
  arma::set_cout_stream(std::cout);
  std::string text = said.str();
  text = text.substr(0, text.find_last_not_of('\n') + 1);
  return (worked ? "" : "(learn: false) ") + text.substr(text.rfind('\n') + 1);
}

int main(int, char **argv)
{
  std::printf("%s\n", arma::arma_version::as_string().c_str());
  arma::mat table;
  table.load(argv[1], arma::csv_ascii);
  const arma::mat x = table.submat(1, 0, table.n_rows - 1, 3).t();
  for (unsigned n : {1u, 2u, 3u, 20u, 100000u}) {
    arma::gmm_full model = start_of(x, 3);
    const std::string said = learn(model, x, n, 0.0);
    std::printf("em_iter %u: last printed: %s; avg_log_p of the model %.9f\n", n, said.c_str(), model.avg_log_p(x));
  }
  for (double scale : {1.0, 1e-4, 1e-6}) {
    arma::gmm_full model = start_of(x * scale, 3);
    learn(model, x * scale, 1000, 1e-10);
    std::printf("iris x %g, var_floor 1e-10: log-likelihood + 600 log(scale) %.6f\n", scale,
                model.sum_log_p(x * scale) + 600 * std::log(scale));
  }
  for (double offset : {0.0, 1e4, 1e6, 1e7, 1e8}) {
    arma::gmm_full model = start_of(x + offset, 3);
    const arma::gmm_full start = model;
    const std::string said = learn(model, x + offset, 1000, 0.0);
    const bool kept = arma::approx_equal(model.means, start.means, "absdiff", 0) &&
                      arma::approx_equal(model.fcovs, start.fcovs, "absdiff", 0);
    std::printf("iris + %g, gmm_full: log-likelihood %.3f, %s, learn() said %s\n", offset, model.sum_log_p(x + offset),
                kept ? "the start, unchanged" : "fitted", said.substr(0, 14) == "(learn: false)" ? "false" : "true");
    arma::gmm_diag diagonal;
    diagonal.reset(4, 3);
    diagonal.set_params(start.means, arma::mat(4, 3, arma::fill::ones), start.hefts);
    const bool worked = diagonal.learn(x + offset, 3, arma::eucl_dist, arma::keep_existing, 0, 1000, 0.0, false);
    std::printf("iris + %g, gmm_diag: log-likelihood %.3f, smallest variance %.3g, learn() said %s\n", offset,
                diagonal.sum_log_p(x + offset), diagonal.dcovs.min(), worked ? "true" : "false");
  }
  // A column that is constant within a component: what becomes of a covariance that has no inverse.
  arma::arma_rng::set_seed(1);
  arma::mat y(2, 300, arma::fill::randn);
  y.cols(200, 299) *= 0.1;
  y.cols(200, 299) += 8;
  y(1, arma::span(200, 299)) = y(0, arma::span(200, 299));
  arma::gmm_full model;
  model.reset(2, 2);
  arma::cube covariances(2, 2, 2);
  covariances.each_slice() = arma::mat(2, 2, arma::fill::eye);
  model.set_params(arma::mat{{0, 8}, {0, 8}}, covariances, arma::rowvec{0.5, 0.5});
  for (unsigned n : {1u, 2u, 50u}) {
    arma::gmm_full one = model;
    learn(one, y, n, 1e-10);
    std::printf("100 of 300 points on a line, em_iter %u: hefts %g %g, second covariance %g %g %g\n", n, one.hefts(0),
                one.hefts(1), one.fcovs.slice(1)(0, 0), one.fcovs.slice(1)(0, 1), one.fcovs.slice(1)(1, 1));
  }
  return 0;
}

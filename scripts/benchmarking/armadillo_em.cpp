// SPDX-License-Identifier: BSD-3-Clause
// EM iterations of Armadillo's gmm_full or gmm_diag from a given start, each timed by itself.
//
//   armadillo_em full|diag FILE OFFSET N D K START SECONDS ITERATIONS
//
// FILE holds N x D doubles, row by row, from OFFSET on; START holds doubles: K weights, K x D means, and K x D x D covariances
// (full) or K x D variances (diag). Iterations go on until SECONDS have passed or ITERATIONS are done, one at least. Prints
// the threads, the mean log-likelihood of the start, and the seconds per iteration.
//
// Armadillo writes a line when its iterations begin and after each of them, which is where the clock is read: reading, copying
// and checking of the data do not count.
#define ARMA_NO_DEBUG
#define ARMA_DONT_USE_WRAPPER
#include <armadillo>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <omp.h>
#include <string>

// Takes Armadillo's report line by line, and ends the program when enough iterations have been timed.
class Stopwatch : public std::streambuf {
public:
  Stopwatch(double seconds, long iterations) : most_seconds(seconds), most_iterations(iterations) {}

protected:
  int overflow(int character) override
  {
    if (character != '\n') {
      line += static_cast<char>(character);
      return character;
    }
    read_line();
    line.clear();
    return character;
  }

private:
  using Clock = std::chrono::steady_clock;
  double most_seconds;
  long most_iterations, iterations = 0;
  double first_log_likelihood = 0.0;
  Clock::time_point began;
  std::string line;

  void read_line()
  {
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    if (line.find("EM: n_threads") != std::string::npos) {
      began = Clock::now();
      return;
    }
    const std::size_t place = line.find("avg_log_p:");
    if (place == std::string::npos) return;
    if (iterations++ == 0) first_log_likelihood = std::atof(line.c_str() + place + 10);
    if (iterations < most_iterations && seconds < most_seconds) return;
    std::printf("{\"threads\": %d, \"mean_log_likelihood\": %.10g, \"iterations\": %ld, \"seconds_per_iteration\": %.6g, "
                "\"version\": \"%s\"}\n",
                omp_get_max_threads(), first_log_likelihood, iterations, seconds / static_cast<double>(iterations),
                arma::arma_version::as_string().c_str());
    std::fflush(stdout);
    std::_Exit(0);
  }
};

static arma::mat read_doubles(const char *path, long long offset, arma::uword n_rows, arma::uword n_columns)
{
  std::ifstream file(path, std::ios::binary);
  arma::mat numbers(n_rows, n_columns);
  file.seekg(offset);
  file.read(reinterpret_cast<char *>(numbers.memptr()), static_cast<std::streamsize>(8 * n_rows * n_columns));
  if (!file) {
    std::fprintf(stderr, "armadillo_em: %s: cannot be read\n", path);
    std::exit(66);
  }
  return numbers;
}

int main(int argc, char **argv)
{
  if (argc != 10) {
    std::fprintf(stderr, "usage: armadillo_em full|diag FILE OFFSET N D K START SECONDS ITERATIONS\n");
    return 64;
  }
  const bool full = std::string(argv[1]) == "full";
  const long long n = std::atoll(argv[4]), d = std::atoll(argv[5]), K = std::atoll(argv[6]);
  const arma::mat points = read_doubles(argv[2], std::atoll(argv[3]), d, n);
  const arma::rowvec weights = arma::vectorise(read_doubles(argv[7], 0, K, 1)).t();
  const arma::mat means = read_doubles(argv[7], 8 * K, d, K);
  const arma::mat spreads = read_doubles(argv[7], 8 * K * (1 + d), d, full ? d * K : K);

  const long most = std::atol(argv[9]);
  Stopwatch stopwatch(std::atof(argv[8]), most);
  std::ostream report(&stopwatch);
  arma::set_cout_stream(report);
  bool learned = false;
  if (full) {
    arma::gmm_full model;
    model.set_params(means, arma::cube(spreads.memptr(), d, d, K), weights);
    learned = model.learn(points, K, arma::maha_dist, arma::keep_existing, 0, most, 1e-10, true);
  } else {
    arma::gmm_diag model;
    model.set_params(means, spreads, weights);
    learned = model.learn(points, K, arma::maha_dist, arma::keep_existing, 0, most, 1e-10, true);
  }
  std::fprintf(stderr, "armadillo_em: EM ended before it was timed (%s)\n", learned ? "converged" : "failed");
  return 70;
}

% SPDX-License-Identifier: BSD-3-Clause
% Shows what is particular about fitgmdist of Octave's statistics package: weights, parameters one step ahead, counts, tolerance, starts.
% Run: octave --norc octave.m
1;
warning('off', 'all');
pkg load statistics
p = pkg('describe', 'statistics');
printf('Octave %s, statistics %s\n', version(), p{1}.version);

function l = log_likelihood(g, x, w)
  l = sum(w .* log(pdf(g, x)));
end
function o = options(iterations, tolerance)
  o = struct('MaxIter', iterations, 'TolFun', tolerance, 'Display', 'off');
end

rand('seed', 1); randn('seed', 1);
x = [randn(150, 2); randn(100, 2) * [2 1; 0 1] + 3];
n = rows(x);
start.mu = [0 0; 2 3]; start.Sigma = cat(3, eye(2), eye(2)); start.ComponentProportion = [0.5 0.5];
for i = [1 2 5]
  g = fitgmdist(x, 2, 'Start', start, 'Options', options(i, 0));
  printf('MaxIter %d: NegativeLogLikelihood %.6f, of the parameters that are returned %.6f\n', i, g.NegativeLogLikelihood, -log_likelihood(g, x, 1));
end
g = fitgmdist(x, 2, 'Start', start, 'Options', options(1000, 1e-10));
printf('NlogL is empty: %d; BIC counts %.3f parameters, AIC %.3f; it has 11\n', isempty(g.NlogL), (g.BIC - 2 * g.NegativeLogLikelihood) / log(n), ...
       (g.AIC - 2 * g.NegativeLogLikelihood) / 2);
y = [x, x * [1; 1] + randn(n, 1)];
g5 = fitgmdist(y, 2, 'Start', struct('mu', [0 0 0; 2 3 5], 'Sigma', cat(3, eye(3), eye(3)), 'ComponentProportion', [0.5 0.5]), 'Options', options(1000, 1e-10));
printf('3 columns: BIC counts %.3f parameters; it has %d\n', (g5.BIC - 2 * g5.NegativeLogLikelihood) / log(n), 1 + 2 * 3 + 2 * 6);

w = mod((0:n - 1)', 4) + 1;
many = repelem((1:n)', w);
a = fitgmdist(x, 2, 'Start', start, 'weights', w, 'Options', options(5, 0));
b = fitgmdist(x(many, :), 2, 'Start', start, 'Options', options(5, 0));
printf('weights 1 to 4 against rows repeated: means differ by %.1e, NegativeLogLikelihood by %.1e, BIC by %.1e\n', max(abs(a.mu - b.mu)(:)), ...
       abs(a.NegativeLogLikelihood - b.NegativeLogLikelihood), abs(a.BIC - b.BIC));
c = fitgmdist(x, 2, 'Start', start, 'weights', w / 100, 'Options', options(5, 0));
printf('weights / 100: means differ by %.1e, NegativeLogLikelihood x 100 by %.1e\n', max(abs(a.mu - c.mu)(:)), abs(100 * c.NegativeLogLikelihood - a.NegativeLogLikelihood));
try, fitgmdist(x, 2, 'Start', start, 'Weight', w); catch e, disp(['the name in its documentation, Weight: ' e.message]); end
for e = [1e-6 1e-9 1e-12]
  g = fitgmdist(x, 2, 'Start', start, 'Options', options(10000, e));
  printf('TolFun %g (of the total, relative to max(1, |total|)): %d iterations, log-likelihood of the parameters %.6f\n', e, g.NumIterations, log_likelihood(g, x, 1));
end

g = fitgmdist(x, 2, 'Start', start, 'RegularizationValue', 0.5, 'Options', options(1, 0));
h = fitgmdist(x, 2, 'Start', start, 'Options', options(1, 0));
printf('RegularizationValue 0.5: added to the diagonal: %g %g %g\n', (g.Sigma - h.Sigma)(1, 1, 1), (g.Sigma - h.Sigma)(2, 2, 1), (g.Sigma - h.Sigma)(1, 2, 1));

far = [x; 200 200];
try
  g = fitgmdist(far, 2, 'Start', start, 'Options', options(20, 1e-6));
  printf('one point at (200, 200): means %s, Converged %d, iterations %d\n', mat2str(g.mu, 3), g.Converged, g.NumIterations);
catch e
  disp(['one point at (200, 200): ' e.message]);
end

labels = 1 + (x(:, 1) + x(:, 2) > 3);
try
  g = fitgmdist(x, 2, 'Start', labels);
  disp('a vector of labels as the start works');
catch e
  disp(['a vector of labels as the start: ' e.message]);
end
try
  g = fitgmdist([x(:, 1), 100 + x(:, 2)], 2, 'Start', 'cluster', 'Options', options(1, 0));
  disp('Start cluster works');
catch e
  disp(['Start cluster: ' e.message]);
end
withnan = x; withnan(7, 1) = NaN;
try, fitgmdist(withnan, 2, 'Start', start, 'weights', w); catch e, disp(['a NaN in a row, and weights: ' e.message]); end
g = fitgmdist(withnan, 2, 'Start', start, 'Options', options(5, 0));
printf('a NaN in a row: fitted without a word, proportions from %d rows: BIC counts log(n) = %.4f = log(249) %.4f\n', n - 1, (g.BIC - 2 * g.NegativeLogLikelihood) / 9, log(249));
shared = start; shared.Sigma = eye(2);
g = fitgmdist(x, 2, 'Start', shared, 'SharedCovariance', true, 'Options', options(1000, 1e-10));
printf('SharedCovariance: BIC counts %.3f parameters; it has %d\n', (g.BIC - 2 * g.NegativeLogLikelihood) / log(n), 1 + 4 + 3);

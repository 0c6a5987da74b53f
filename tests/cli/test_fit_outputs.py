# SPDX-License-Identifier: BSD-3-Clause
"""What a fit writes and prints, and what it refuses."""

import json
import os
import signal
import subprocess
import unittest

import h5py
import numpy

from fits import PAIR, FitCase, log_density
import harness
from harness import MALL


class Outputs(FitCase):
    # --- outputs ------------------------------------------------------------------------------------------------------

    def test_model_file(self):
        self.fit(MALL, *PAIR, "-k", 3, "--labels", self.path("labels.h5"), ranks=3)
        model = self.model()
        self.assertEqual(list(model["feature_names"]), ["Annual Income (k$)", "Spending Score (1-100)"])
        self.assertEqual(model["covariances"].shape, (3, 2, 2))
        for factor, covariance in zip(model["precisions_cholesky"], model["covariances"]):
            numpy.testing.assert_allclose(factor @ factor.T, numpy.linalg.inv(covariance), rtol=1e-9)
            numpy.testing.assert_array_equal(numpy.tril(factor, -1), 0)
        x = self.mall()
        shares = [log_density(x, [w], [m], [c]) for w, m, c in zip(model["weights"], model["means"], model["covariances"])]
        with h5py.File(self.path("labels.h5")) as file:
            self.assertEqual(file["labels"].dtype, numpy.int32)
            numpy.testing.assert_array_equal(file["labels"][...], numpy.argmax(shares, axis=0))

    def test_summary(self):
        summary = self.fit(MALL, *PAIR, "-k", 3, ranks=2)
        for key in ("n_samples", "n_features", "n_components", "covariance", "converged", "n_iter", "n_passes", "log_likelihood",
                    "mean_log_likelihood", "n_parameters", "bic", "aic", "icl", "events", "seconds", "seconds_per_iteration",
                    "ranks", "threads", "instruction_set", "peak_memory", "output"):
            self.assertIn(key, summary)
        for key in ("read", "init", "e_step", "allreduce", "m_step", "checkpoint"):
            self.assertGreaterEqual(summary["seconds"][key], 0.0)
        self.assertEqual((summary["n_samples"], summary["n_features"], summary["n_components"], summary["ranks"]), (200, 2, 3, 2))
        quiet = self.succeed("fit", MALL, *PAIR, "-k", 2, "-q", "-o", self.path("m.h5"))
        self.assertEqual(quiet.stdout + quiet.stderr, "")
        people = self.succeed("fit", MALL, *PAIR, "-k", 2, "-o", self.path("m.h5"))
        self.assertIn("log-likelihood", people.stdout)
        self.assertFalse(os.path.exists(self.path("m.h5.checkpoint")))

    # --- errors -------------------------------------------------------------------------------------------------------

    def test_sizes(self):
        out = ("-o", self.path("m.h5"))
        self.fail_with(65, "200 points", "fit", MALL, *PAIR, "-k", 201, *out, ranks=2)
        for k in ("0", "-1", "2.5", "many", "", "99999999999999999999"):
            self.fail_with(64, "components", "fit", MALL, *PAIR, "-k", k, *out)
        self.fail_with(64, "-k", "fit", MALL, *PAIR, *out, ranks=2)
        self.assertEqual(self.fit(MALL, *PAIR, "-k", 200, "--max-iter", 1)["n_components"], 200)

    def test_values_out_of_range(self):
        for option, value in (("--tol", "-1"), ("--tol", "nan"), ("--max-iter", "-1"), ("--reg-covar", "-1e-9"), ("--n-init", "0"),
                              ("--seed", "-1"), ("--seed", "x"), ("--merge", "1"), ("--covariance", "VVW"), ("--covariance", "round"),
                              ("--on-collapse", "cry"), ("--accelerate", "newton"), ("--missing", "em"), ("--header", "maybe"), ("--precision", "half"),
                              ("--checkpoint-every", "0"), ("--checkpoint-seconds", "-1"), ("--init-covariance", "none")):
            with self.subTest(option=option, value=value):
                self.fail_with(64, option, "fit", MALL, *PAIR, "-k", 2, option, value, "-o", self.path("m.h5"))
        for option in ("--errors", "--bounds", "--rounded", "--arithmetic", "--t-dist", "--nonsense"):
            with self.subTest(option=option):
                self.fail_with(64, option, "fit", MALL, *PAIR, "-k", 2, option, "1", "-o", self.path("m.h5"))

    def test_contradictions(self):
        start = self.write("start.json", json.dumps({"weights": [1], "means": [[0, 0]], "covariances": [[[1, 0], [0, 1]]]}))
        for options in (("-q", "-v"), ("--init-covariance", "identity"), ("--n-init", 2, "--init", start), ("--log", self.path("m.h5")),
                        ("--labels", self.path("m.h5")), ("--restart", "auto", "--checkpoint", "none")):
            with self.subTest(options=options):
                self.fail_with(64, ";", "fit", MALL, *PAIR, "-k", 1, *options, "-o", self.path("m.h5"), ranks=2)
        data = self.save(self.mall())
        before = self.bytes_of("points.npy")
        self.fail_with(64, "overwrite", "fit", data, "-k", 2, "-o", data)
        self.assertTrue(self.bytes_of("points.npy") == before)
        with h5py.File(self.path("points.h5"), "w") as file:
            file["points"] = self.mall()
        before = self.bytes_of("points.h5")
        os.symlink("points.h5", self.path("link.h5"))
        for output in ("points.h5", "./points.h5", "link.h5"):
            for option in ("-o", "--labels", "--log"):
                options = (option, output) if option == "-o" else (option, output, "-o", "m.h5")
                self.fail_with(64, "overwrite", "fit", "points.h5:/points", "-k", 2, *options, cwd=self.folder)
        self.assertTrue(self.bytes_of("points.h5") == before)
        self.fail_with(64, "both name", "fit", data, "-k", 2, "-o", "new.h5", "--labels", "./new.h5", cwd=self.folder)

    def test_files_that_are_needed(self):
        """What a fit starts from or goes on from, and the checkpoint before the last one, are no place for outputs."""
        data = self.save(self.mall())
        self.succeed("fit", data, "-k", 2, "-o", self.path("start.h5"), "-q")
        for options in (("-o", "start.h5"), ("-o", "./start.h5"), ("--labels", "start.h5"), ("--log", "start.h5"),
                        ("--checkpoint", "start.h5"), ("--checkpoint", "start.h5", "-o", "start.h5.prev")):
            with self.subTest(options=options):
                self.fail_with(64, "start.h5(.prev)?(; name different files| would overwrite the file to start from; name another file)$",
                               "fit", data, "-k", 2, "--init", "start.h5", *options, cwd=self.folder)
        os.rename(self.path("start.h5"), self.path("x.prev"))
        for option in ("-o", "--labels", "--log"):
            self.fail_with(64, r"both name x\.prev; name different files$", "fit", data, "-k", 2, "--checkpoint", "x", option,
                           "x.prev", cwd=self.folder)
        self.fail_with(64, "-o: x.prev would overwrite the checkpoint to go on from; name another file$", "fit", data, "-k", 2,
                       "--restart", "x.prev", "-o", "x.prev", cwd=self.folder)
        self.fail_with(64, "x.prev would overwrite the data", "fit", "x.prev:/means", "-k", 1, "--checkpoint", "x", "-o", "m.h5",
                       cwd=self.folder)
        self.succeed("info", self.path("x.prev"))

    def test_one_of_everything(self):
        """Where there is one of something, messages say so."""
        one = self.write("one.csv", "3\n")
        two = self.write("two.csv", "1\n2\n")
        self.fail_with(65, "has 1 point, too few for 2 components", "fit", one, "-k", 2, "-o", self.path("m.h5"))
        text = self.succeed("fit", one, "-k", 1, "-o", self.path("m.h5")).stdout
        self.assertRegex(text, r"^1 component, full covariances, fitted to 1 point of 1 feature\n")
        self.assertRegex(text, r"on 1 rank \(")
        self.assertIn("1 point of 1 feature drawn from 1 component ",
                      self.succeed("sample", self.path("m.h5"), "-n", 1, "-o", self.path("s.csv")).stdout)
        self.assertIn(": 1 point, ", self.succeed("predict", self.path("m.h5"), one, "-o", self.path("p.csv")).stdout)
        self.fail_with(65, "has 1 label for 2 points", "fit", two, "-k", 1, "--init", one, "-o", self.path("m.h5"))

    def test_starts_that_do_not_fit(self):
        good = {"weights": [0.5, 0.5], "means": [[0, 0], [9, 9]], "covariances": [numpy.eye(2).tolist()] * 2}
        cases = {
            "not JSON": "{\"weights\": [0.5",
            "no means": json.dumps({"weights": [0.5, 0.5]}),
            "three components": json.dumps(dict(good, weights=[1, 1, 1])),
            "one component": json.dumps({"weights": [1], "means": [[0, 0]], "covariances": [numpy.eye(2).tolist()]}),
            "three features": json.dumps({"weights": [1, 1], "means": [[0, 0, 0]] * 2, "covariances": [numpy.eye(3).tolist()] * 2}),
            "not symmetric": json.dumps(dict(good, covariances=[[[1, 0.5], [0, 1]]] * 2)),
            "not definite": json.dumps(dict(good, covariances=[[[1, 2], [2, 1]]] * 2)),
            "negative weight": json.dumps(dict(good, weights=[1.5, -0.5])),
            "all weights 0": json.dumps(dict(good, weights=[0, 0])),
            "text": json.dumps(dict(good, weights=["a", "b"])),
            "diagonal covariances": json.dumps(dict(good, covariances=[[1, 1]] * 2)),
            "array": "[1, 2, 3]",
            "empty": "",
        }
        for name, text in cases.items():
            with self.subTest(start=name):
                path = self.write("start.json", text)
                self.fail_with(65, "start.json", "fit", MALL, *PAIR, "-k", 2, "--init", path, "-o", self.path("m.h5"), ranks=2)
        self.fail_with(66, "no_such", "fit", MALL, *PAIR, "-k", 2, "--init", self.path("no_such"), "-o", self.path("m.h5"))
        self.write("few.txt", "1\n2\n1\n")
        self.fail_with(65, "3 labels", "fit", MALL, *PAIR, "-k", 2, "--init", self.path("few.txt"), "-o", self.path("m.h5"))
        numpy.savetxt(self.path("three.txt"), numpy.arange(200) % 3, fmt="%d")
        for k in (2, 4):
            self.fail_with(65, "labels", "fit", MALL, *PAIR, "-k", k, "--init", self.path("three.txt"), "-o", self.path("m.h5"), ranks=2)
        numpy.savetxt(self.path("halves.txt"), numpy.arange(200) % 2 + 0.5)
        self.fail_with(65, "line 1.*not an integer|not an integer.*1", "fit", MALL, *PAIR, "-k", 2, "--init", self.path("halves.txt"), "-o", self.path("m.h5"))

    def test_outputs_that_cannot_be(self):
        os.mkdir(self.path("folder"))
        for output in (self.path("nowhere/m.h5"), self.path("folder"), "/proc/m.h5"):
            with self.subTest(output=output):
                self.fail_with(73, ";", "fit", self.path("no such data"), "-k", 2, "-o", output, ranks=2)
        for option in ("--labels", "--log", "--checkpoint"):
            with self.subTest(option=option):
                self.fail_with(73, ";", "fit", self.path("no such data"), "-k", 2, "-o", self.path("m.h5"), option, self.path("nowhere/x"), ranks=2)
        self.fail_with(73, "/dev/full", "fit", MALL, *PAIR, "-k", 2, "-o", "/dev/full", "--checkpoint", "none", ranks=2)

    def test_a_pipe_is_no_start(self):
        os.mkfifo(self.path("pipe"))
        for arguments in (("--init", self.path("pipe")), ("--restart", self.path("pipe"))):
            self.fail_with(66, "pipe", "fit", MALL, *PAIR, "-k", 2, *arguments, "-o", self.path("m.h5"))

    def test_a_pipe_is_read_and_waiting_for_it_ends_with_a_signal(self):
        os.mkfifo(self.path("pipe"))
        arguments = ("fit", self.path("pipe"), *PAIR, "-k", 2, "-o", self.path("m.h5"), "-q")
        with open(MALL, "rb") as file:
            text = file.read()
        for content, status in ((text, 0), (b"", 75)):
            with subprocess.Popen(harness.command(None, *arguments), stderr=subprocess.PIPE) as process:
                with open(self.path("pipe"), "wb") as pipe:  # waits until it is read
                    pipe.write(content)
                    pipe.flush()
                    if status == 75:
                        process.send_signal(signal.SIGTERM)
                        self.assertEqual(process.wait(timeout=harness.PATIENCE), 75)
                self.assertEqual(process.wait(timeout=harness.PATIENCE), status, process.stderr.read())

    def test_outputs_through_links(self):
        os.symlink("target.h5", self.path("link.h5"))
        for _ in range(2):  # the target is not there, then it is
            self.fit(MALL, *PAIR, "-k", 2)
            self.succeed("fit", MALL, *PAIR, "-k", 2, "-o", self.path("link.h5"))
            self.assertTrue(os.path.islink(self.path("link.h5")))
            self.assertTrue(self.bytes_of("target.h5") == self.bytes_of("model.h5"))

    def test_not_enough_memory(self):
        wide = self.save(numpy.zeros((20, 60000)), "wide.npy")
        self.fail_with(71, "wide.npy", "fit", wide, "-k", 20, "-o", self.path("m.h5"), ranks=2)


if __name__ == "__main__":
    unittest.main()

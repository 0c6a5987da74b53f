# SPDX-License-Identifier: BSD-3-Clause
"""A disk without room: the job goes on where it can, says so once, and leaves what was good before."""

import os
import unittest

import faults
import harness
from faults import fill
from running import failing


class FullDisk(faults.SmallJob):
    def warnings(self, run):
        return [line for line in run.stderr.splitlines() if line.startswith("gmmpi warning: ")]

    def test_log(self):
        """The log's first page is all that there is room for."""
        disk = self.small_disk("64k")
        log = os.path.join(disk, "log.csv")
        fill(disk, pages_left=1)
        run = self.succeed(*self.words("--log", log), ranks=2)
        self.assertRegex(run.stderr, r"gmmpi warning: .*log\.csv: the log cannot be written any more \(No space left on "
                                     r"device\); the job goes on without it")
        self.assertEqual(len(self.warnings(run)), 1, run.stderr)
        with open(log) as file:
            text = file.read()
        rows = text.splitlines()[1:]
        self.assertTrue(text.endswith("\n"))  # no torn line
        self.assertGreater(len(rows), 10)
        self.assertEqual([int(row.split(",")[0]) for row in rows], list(range(len(rows))))
        self.assert_undisturbed()

    def test_log_without_any_room(self):
        """Nothing is read before that is known."""
        disk = self.small_disk("64k")
        fill(disk)
        self.data = self.path("no such file")
        self.fail_with(73, r"log\.csv: cannot be written \(No space left on device\); make room or write elsewhere$",
                       *self.words("--log", os.path.join(disk, "log.csv")), ranks=2)
        self.assertEqual(os.listdir(disk), ["filler"])

    def test_checkpoint(self):
        """None, a part or all of a checkpoint fits, or one but not two."""
        disk = self.small_disk("128k")
        checkpoint = os.path.join(disk, "checkpoint")
        for pages_left in (0, 1, 3, 5):
            with self.subTest(pages_left=pages_left):
                filler = fill(disk, pages_left)
                run = self.succeed(*self.words("--checkpoint", checkpoint))
                self.assertEqual(len(self.warnings(run)), 1, run.stderr)
                self.assertRegex(run.stderr, r"gmmpi warning: .*checkpoint: .*cannot be written \(No space left on device\); "
                                             r"make room or write elsewhere; the job goes on without")
                self.assertEqual(os.listdir(disk), ["filler"])
                self.assert_undisturbed()
                os.unlink(filler)
                os.unlink(self.model)

    def test_checkpoint_that_is_there(self):
        """A job that goes on and cannot save is killed: the checkpoint it went on from is as it was."""
        disk = self.small_disk("128k")
        checkpoint = os.path.join(disk, "checkpoint")
        words = self.words("--checkpoint", checkpoint)
        killed = harness.gmmpi(*words, env=failing("checkpoint", "link", "KILL", skip=20))
        self.assertEqual(killed.returncode, -9, killed.stderr)
        (draft,) = [name for name in os.listdir(disk) if name.endswith(".checkpoint.partial")]
        os.unlink(os.path.join(disk, draft))
        filler = fill(disk)
        before = {name: self.bytes_of("disk/" + name) for name in ("checkpoint", "checkpoint.prev")}
        # It gets to the model's renaming.
        killed = harness.gmmpi(*words, "--restart", "auto", ranks=2,
                               env=failing("model.h5", "rename", "KILL", rank=0))
        self.assertNotEqual(killed.returncode, 0)
        for name, content in before.items():
            self.assertEqual(self.bytes_of("disk/" + name), content)
        self.succeed(*words, "--restart", "auto", ranks=3)
        os.unlink(filler)
        self.assert_undisturbed()

    def test_model(self):
        disk = self.small_disk("64k")
        output = os.path.join(disk, "model.h5")
        self.model = output
        self.write("disk/model.h5", "an older model")
        filler = fill(disk)
        words = self.words("--checkpoint", self.checkpoint)
        run = self.fail_with(73, r"model\.h5: cannot be written \(No space left on device\); make room or write elsewhere$",
                             *words, ranks=2)
        self.assertRegex(run.stderr, r"gmmpi warning: the fit so far is kept in .*model\.h5\.checkpoint; make room and go "
                                     r"on with --restart auto")
        self.assertEqual(self.bytes_of("disk/model.h5"), b"an older model")
        self.assertEqual(sorted(os.listdir(disk)), ["filler", "model.h5"])

        os.unlink(filler)
        self.succeed(*words, "--restart", "auto", ranks=3)
        self.assertEqual(self.bytes_of("disk/model.h5"), self.undisturbed())
        self.assertFalse(os.path.exists(self.checkpoint))

    def test_labels(self):
        disk = self.small_disk("64k")
        labels = os.path.join(disk, "labels.h5")
        self.write("disk/labels.h5", "older labels")
        filler = fill(disk)
        words = self.words("--labels", labels)
        run = self.fail_with(73, r"labels\.h5: cannot be written \(.*\); make room or write elsewhere$", *words, ranks=2)
        self.assertRegex(run.stderr, "gmmpi warning: the fit so far is kept in ")
        self.assertEqual(self.bytes_of("disk/labels.h5"), b"older labels")
        self.assertEqual(sorted(os.listdir(disk)), ["filler", "labels.h5"])

        os.unlink(filler)
        self.succeed(*words, "--restart", "auto", ranks=3)
        self.assert_undisturbed()
        self.succeed("predict", self.model, self.data, "-o", self.path("predicted.h5"))
        self.assertEqual(self.bytes_of("disk/labels.h5"), self.bytes_of("predicted.h5"))

    def test_predictions_and_samples(self):
        self.succeed(*self.words())
        disk = self.small_disk("64k")
        fill(disk)
        for name in ("out.h5", "out.csv"):
            for words in (("predict", self.model, self.data), ("sample", self.model, "-n", "5000")):
                with self.subTest(name=name, command=words[0]):
                    output = os.path.join(disk, name)
                    self.write("disk/" + name, "")
                    self.fail_with(73, rf"{name}: cannot be written \(.*\); make room or write elsewhere$", *words, "-o",
                                   output, ranks=3)
                    self.assertEqual(os.path.getsize(output), 0)
                    os.unlink(output)
                    self.assertEqual(os.listdir(disk), ["filler"])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-3-Clause
"""Checkpoints that were damaged or belong to another job: damage is recognised wherever it is, and the checkpoint before is
used; what belongs to other data, options or versions is refused with the reason."""

import os
import random
import re
import struct
import unittest

import numpy as np

import faults
import harness

TRAILER = 32  # bytes: magic, format, length of the HDF5 file, checksum
FORMAT = 5
MASK = (1 << 64) - 1


def checksum(state, content):
    """The hash of src/support/hash.h, written down again."""
    def step(state, word):
        mixed = ((state ^ word) * 0x9E3779B97F4A7C15) & MASK
        mixed ^= mixed >> 32
        return (mixed * 0xD6E8FEB86659FD93) & MASK
    whole = len(content) // 8 * 8
    for (word,) in struct.iter_unpack("<Q", content[:whole]):
        state = step(state, word)
    return step(step(state, int.from_bytes(content[whole:], "little")), len(content))


def seal(content, version=FORMAT, magic=b"gmmpi\x89\r\n"):
    """Content with the trailer of a checkpoint of this format, or of another file."""
    return content + struct.pack("<8sQQQ", magic, version, len(content), checksum(version, content))


class Damage(faults.SmallJob):
    def setUp(self):
        super().setUp()
        self.stop_after(30)
        self.whole = self.bytes_of("model.h5.checkpoint")
        self.before = self.bytes_of("model.h5.checkpoint.prev")

    def put(self, newest, previous=None):
        """These bytes become the checkpoints."""
        for name, content in ((self.checkpoint, newest), (self.checkpoint + ".prev", previous)):
            if content is not None:
                with open(name, "wb") as file:
                    file.write(content)
            elif os.path.exists(name):
                os.unlink(name)

    def regions(self):
        """Where the parts of a checkpoint are: {name: (first byte, number of bytes)}."""
        import h5py
        found = {"superblock": (0, 96)}

        def add(name, item):
            if isinstance(item, h5py.Dataset):
                found[name] = (item.id.get_offset(), item.id.get_storage_size())
        with h5py.File(self.checkpoint, "r") as file:
            file.visititems(add)
        for text in (b"OHDR", b"GCOL", b"data_fingerprint", b"program_version", b"--components"):
            found[text.decode()] = (self.whole.index(text), len(text))
        for i, name in enumerate(("magic", "format", "length", "checksum")):
            found["trailer's " + name] = (len(self.whole) - TRAILER + 8 * i, 8)
        return found

    def assert_replaced(self, damaged):
        """A job goes on from the checkpoint before, and says why."""
        self.put(damaged, self.before)
        run = self.succeed(*self.words("--restart", "auto"))
        self.assertRegex(run.stderr, r"gmmpi warning: .*model\.h5\.checkpoint: is no good checkpoint")
        self.assert_undisturbed()

    def test_a_flipped_bit_in_each_part(self):
        chance = random.Random(3)
        regions = self.regions()
        for name in ("climber_0/means", "climber_0/iteration", "climber_0/history/numbers", "climber_0/history/counters",
                     "n_row_visits"):
            self.assertIn(name, regions)
        for i, (name, (first, length)) in enumerate(regions.items()):
            with self.subTest(name):
                damaged = bytearray(self.whole)
                damaged[first + chance.randrange(length)] ^= 1 << chance.randrange(8)
                self.put(damaged)
                self.fail_with(65, r"model\.h5\.checkpoint: is no good checkpoint", "info", self.checkpoint)
                if i % 5 == 0:
                    self.assert_replaced(damaged)

    def test_another_length(self):
        for damaged in (b"", self.whole[:1], self.whole[:TRAILER], self.whole[:len(self.whole) // 2], self.whole[:-1],
                        self.whole + b"\0", self.whole + self.whole, self.whole[8:]):
            with self.subTest(length=len(damaged)):
                self.put(damaged)
                self.fail_with(65, r"model\.h5\.checkpoint: is no good checkpoint", *self.words("--restart", self.checkpoint))
        self.assert_replaced(self.whole[:-1])

    def test_the_checksum_is_what_it_says(self):
        self.assertEqual(seal(self.whole[:-TRAILER]), self.whole)

    # --- another job's --------------------------------------------------------------------------

    def assert_refused(self, reason, *words):
        """Refused, also by --restart auto, and still there afterwards."""
        kept = self.bytes_of("model.h5.checkpoint")
        for restart, ranks in (("auto", 2), ("auto", None), (self.checkpoint, None)):
            self.fail_with(65, rf"model\.h5\.checkpoint: {reason}.* to start afresh$", *words, "--restart", restart,
                           ranks=ranks)
        self.assertEqual(self.bytes_of("model.h5.checkpoint"), kept)

    def test_other_versions(self):
        version = re.search(r"\d+\.\d+\.\d+", self.succeed("--version").stdout).group()
        content = self.whole[:-TRAILER]
        self.assertEqual(content.count(version.encode()), 1)
        self.put(seal(content.replace(version.encode(), b"0.0.7")), self.before)
        self.assert_refused(rf"was made by gmmpi 0\.0\.7, this is {re.escape(version)}; go on with the same version, or "
                            "remove it", *self.words())
        self.put(seal(content, FORMAT + 5), self.before)
        self.assert_refused(rf"has checkpoint format {FORMAT + 5}, this gmmpi \({re.escape(version)}\) knows {FORMAT}; go on "
                            "with the version that wrote it, or remove it", *self.words())
        self.fail_with(65, f"has checkpoint format {FORMAT + 5}", "info", self.checkpoint)
        self.put(seal(content, FORMAT - 1), self.before)
        self.fail_with(65, f"has checkpoint format {FORMAT - 1}", *self.words("--restart", "auto"))

    def test_other_options(self):
        for then, now in ((["--seed", "1"], "this job has --seed 1"), (["--covariance", "diag"], "--covariance diag"),
                          (["--reg-covar", "1e-3"], "--reg-covar 0.001"), (["-k", "5"], "--components 5"),
                          (["--accelerate", "none"], "--accelerate none"), (["--precision", "single"], "--precision single"),
                          (["--init", "random"], "--init random"), (["--n-init", "2"], "--n-init 2")):
            with self.subTest(then[0]):
                self.fail_with(65, rf"checkpoint: was made with .*this job has .*{re.escape(now.split('has ')[-1])}; give the "
                                   "same options, or remove it to start afresh$",
                               *self.words(*then, "--restart", "auto"))
        self.put(self.whole, self.before)
        self.succeed(*self.words("--restart", "auto"), ranks=2)
        self.assert_undisturbed()

    def test_other_data(self):
        points = np.load(self.data)
        for name, other in (("a number", np.where(np.arange(9000).reshape(3000, 3) == 4321, np.nextafter(points, 9), points)),
                            ("the order", points[::-1]), ("the columns", points[:, ::-1])):
            with self.subTest(name):
                np.save(self.data, other)
                self.assert_refused("was made from other data of the same shape; give the same data, or remove it",
                                    *self.words())
        np.save(self.data, points[:-1])
        self.assert_refused(r"was made from other data \(3000 x 3, this job has 2999 x 3\); give the same data, or remove it",
                            *self.words())
        np.save(self.data, points)
        self.succeed(*self.words("--restart", "auto"), ranks=2)
        self.assert_undisturbed()


class Models(harness.Case):
    def setUp(self):
        super().setUp()
        self.model = self.path("model.h5")
        self.succeed("fit", harness.MALL, "--columns", "4,5", "-k", "2", "-o", self.model, "-q")
        self.whole = self.bytes_of("model.h5")

    def put(self, content):
        with open(self.model, "wb") as file:
            file.write(content)

    def uses(self):
        yield ["info", self.model]
        yield ["sample", self.model, "-n", "5", "-o", self.path("out.h5")]
        yield ["predict", self.model, harness.MALL, "-o", self.path("out.h5")]
        yield ["fit", harness.MALL, "--columns", "4,5", "-k", "2", "--init", self.model, "-o", self.path("out.h5")]

    def test_a_changed_bit_is_seen_by_every_command(self):
        content = self.whole[:-TRAILER]
        self.assertEqual(self.whole, seal(content, 1, b"gmmpi\x8a\r\n"))
        generator = random.Random(4)
        for words in self.uses():
            place = generator.randrange(len(content))
            changed = bytearray(self.whole)
            changed[place] ^= 1 << generator.randrange(8)
            self.put(changed)
            self.fail_with(65, r"model\.h5: is damaged \(its checksum is wrong\); copy it anew or fit again$", *words, ranks=2)
        self.assertFalse(os.path.exists(self.path("out.h5")))

    def test_models_that_others_wrote_or_changed(self):
        import h5py
        self.put(self.whole[:-TRAILER])  # without a seal, as older versions wrote it
        for words in self.uses():
            self.succeed(*words)
        self.put(self.whole)
        with h5py.File(self.model, "r+") as file:
            file["weights"][:] = file["weights"][:][::-1]
            file.attrs["note"] = "by hand"
        for words in self.uses():
            self.succeed(*words)


if __name__ == "__main__":
    unittest.main()

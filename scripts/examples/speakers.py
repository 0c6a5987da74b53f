#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Cepstral features of many speakers, simulated, for the worked example docs/examples/speakers.md.

    speakers.py simulate FRAMES    writes background.npy, train/NUMBER.npy, test.npy and truth.npz
    speakers.py judge FOLDER...    equal error rates of the models in folders: background.h5's against theirs
    speakers.py draw FOLDER        pictures/speakers.png: scores, and the trade between the two kinds of errors

What makes them like real ones:
- Frames of 10 ms are of 48 sounds, each of which lasts some 80 ms, so that neighbours are alike. Coefficient c has a spread that falls with c, as
  that of mel-frequency cepstra does (Davis, Mermelstein 1980).
- A speaker moves all sounds together along a few directions (eigenvoices; Kuhn et al. 2000, IEEE Trans. Speech Audio Process. 8) and each sound
  a little by itself; a recording adds the offset of its channel (Kenny et al. 2007, IEEE Trans. Audio Speech Lang. Process. 15).
- The test is that of Reynolds, Quatieri, Dunn 2000, Digital Signal Processing 10: log-likelihood ratio per frame of a speaker's model, adapted
  from the background, and the background. The curve is that of Martin et al. 1997."""

import os
import sys

from shared import GREY, colours, h5py, np, plt, save

COEFFICIENTS, SOUNDS, DURATION = 13, 48, 8
BACKGROUND_SPEAKERS, SPEAKERS, TESTS = 120, 20, 8
TRAINING_FRAMES, TEST_FRAMES = 2000, 100
EIGENVOICES = 8
SPREADS = 1.2 / (1 + 0.35 * np.arange(COEFFICIENTS))  # of a sound's frames


class World:
    """Sounds, and how speakers and channels change them."""

    def __init__(self, generator):
        self.generator = generator
        self.sounds = generator.normal(size=(SOUNDS, COEFFICIENTS)) * 2.2 * SPREADS
        self.widths = SPREADS * np.exp(generator.normal(0, 0.25, (SOUNDS, COEFFICIENTS)))
        self.often = generator.dirichlet(np.full(SOUNDS, 2.0))
        self.voices = generator.normal(size=(EIGENVOICES, SOUNDS, COEFFICIENTS)) * 0.16 * SPREADS

    def speaker(self):
        own = self.generator.normal(size=(SOUNDS, COEFFICIENTS)) * 0.28 * SPREADS
        return self.sounds + np.tensordot(self.generator.normal(size=EIGENVOICES), self.voices, 1) + own

    def recording(self, speaker, n):
        """n x 13 frames of one recording."""
        pieces = n // 3 + 1
        lasting = 1 + self.generator.geometric(1 / (DURATION - 1), pieces)
        sound = np.repeat(self.generator.choice(SOUNDS, pieces, p=self.often), lasting)[:n]
        channel = self.generator.normal(size=COEFFICIENTS) * 0.27 * SPREADS
        return speaker[sound] + channel + self.generator.normal(size=(n, COEFFICIENTS)) * self.widths[sound]


def simulate(n_frames):
    world = World(np.random.default_rng(5))
    each = n_frames // BACKGROUND_SPEAKERS
    np.save("background.npy", np.concatenate([world.recording(world.speaker(), each) for _ in range(BACKGROUND_SPEAKERS)]))
    os.makedirs("train", exist_ok=True)
    tests, who = [], []
    for number in range(SPEAKERS):
        speaker = world.speaker()
        np.save("train/%d.npy" % number, world.recording(speaker, TRAINING_FRAMES))
        for _ in range(TESTS):
            tests.append(world.recording(speaker, TEST_FRAMES))
            who.append(number)
    np.save("test.npy", np.concatenate(tests))
    np.save("who.npy", who)
    print("%d frames of %d speakers for the background; %d speakers with %d frames each; %d test recordings of %d frames" % (
        each * BACKGROUND_SPEAKERS, BACKGROUND_SPEAKERS, SPEAKERS, TRAINING_FRAMES, len(who), TEST_FRAMES))


def log_densities(path):
    """The mean log density of each test recording."""
    with h5py.File(path, "r") as file:
        return file["log_density"][:].reshape(-1, TEST_FRAMES).mean(axis=1)


def scores(folder):
    """Of each trial, a recording and a model: the log-likelihood ratio per frame, and whether it is that speaker's."""
    background = log_densities("background_scores.h5")
    who = np.load("who.npy")
    ratios = np.stack([log_densities("%s/%d_scores.h5" % (folder, number)) - background for number in range(SPEAKERS)])
    return ratios.ravel(), (np.arange(SPEAKERS)[:, None] == who).ravel()


def error_rates(ratios, mine):
    """Shares of impostors that pass and of speakers that are turned away, for each threshold in ascending order of the scores."""
    order = np.argsort(ratios)
    rejected = np.cumsum(mine[order]) / mine.sum()
    accepted = 1 - np.cumsum(~mine[order]) / (~mine).sum()
    return accepted, rejected


def equal_error(ratios, mine):
    accepted, rejected = error_rates(ratios, mine)
    place = np.argmin(np.abs(accepted - rejected))
    return (accepted[place] + rejected[place]) / 2, np.sort(ratios)[place]


def judge(folders):
    print("%-12s %8s %10s %14s %14s %12s %10s" % ("models", "trials", "speaker's", "mean of these", "mean of others", "equal error", "identified"))
    for folder in folders:
        ratios, mine = scores(folder)
        best = ratios.reshape(SPEAKERS, -1).argmax(axis=0)
        print("%-12s %8d %10d %14.4f %14.4f %10.2f %% %8.1f %%" % (folder, len(ratios), mine.sum(), ratios[mine].mean(), ratios[~mine].mean(),
                                                          100 * equal_error(ratios, mine)[0], 100 * np.mean(best == np.load("who.npy"))))


def draw(folders):
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
    ratios, mine = scores(folders[0])
    bins = np.linspace(ratios.min(), ratios.max(), 60)
    left.hist(ratios[~mine], bins, density=True, color=GREY, alpha=0.6, label="somebody else's recording")
    left.hist(ratios[mine], bins, density=True, color=colours(1)[0], alpha=0.7, label="the speaker's own")
    left.axvline(equal_error(ratios, mine)[1], color="#222222", linestyle="--", linewidth=1, label="threshold of equal errors")
    left.set(xlabel="log-likelihood ratio per frame", ylabel="density", title="scores, models in %s/" % folders[0])
    left.legend(loc="upper left", fontsize=8)
    for k, folder in enumerate(folders):
        accepted, rejected = error_rates(*scores(folder))
        right.plot(100 * accepted, 100 * rejected, color=colours(4)[(0, 3, 2)[k]], linestyle=("-", "--", "-.")[k], label=folder + "/")
    right.plot([0.1, 50], [0.1, 50], color=GREY, linewidth=0.8, linestyle=":")
    right.set(xscale="log", yscale="log", xlim=(0.1, 100), ylim=(0.5, 100), xlabel="impostors that pass (%)",
              ylabel="speakers that are turned away (%)", title="the trade between errors")
    right.legend(loc="lower left")
    save(figure, "speakers.png")


def main():
    words = sys.argv[1:]
    if words[:1] == ["simulate"] and len(words) == 2:
        simulate(int(words[1]))
    elif words[:1] in (["judge"], ["draw"]) and len(words) > 1:
        {"judge": judge, "draw": draw}[words[0]](words[1:])
    else:
        sys.exit(__doc__)


main()

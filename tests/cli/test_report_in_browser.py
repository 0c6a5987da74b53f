# SPDX-License-Identifier: BSD-3-Clause
"""Pages of report.py in a headless Chromium: nothing runs over, words can be read, tables are sorted by mouse and keyboard, paper holds
all. Skipped, with the reason, where there is no Chromium."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

import namespaces
from harness import Case, PATIENCE, SOURCE
from report_pages import write_model
from running_plots import run

sys.path.insert(0, os.path.join(SOURCE, "scripts"))
from reporting import model_page  # noqa: E402, F401 (for the copies of this process)

CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)

# What is looked at inside the page; the answer is a JSON text in an element of its own.
PROBE = r"""
addEventListener("load", () => {
  const answer = { faults: [], width: innerWidth, dark: matchMedia("(prefers-color-scheme: dark)").matches };
  const parse = (colour) => { const n = colour.match(/[\d.]+/g).map(Number); return n.length > 3 && n[3] === 0 ? null : n.slice(0, 3); };
  const luminance = (rgb) => rgb.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) { const colour = parse(getComputedStyle(at).backgroundColor); if (colour) return colour; }
    return [255, 255, 255];
  };
  const lowest = { ratio: 99 };
  let looked = 0;
  for (const element of document.querySelectorAll("body *:not(svg *):not(script):not(svg)")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    looked += 1;
    if (ratio < lowest.ratio) Object.assign(lowest, { ratio, words: element.textContent.trim().slice(0, 40) });
  }
  Object.assign(answer, { lowest, looked });
  const page = document.documentElement;
  answer.scrolling = [...document.querySelectorAll(".picture")].filter((box) => box.scrollWidth > box.clientWidth + 1).length;
  const rows = {};
  for (const card of document.querySelectorAll(".facts > div")) { const top = Math.round(card.getBoundingClientRect().top); rows[top] = (rows[top] || 0) + 1; }
  answer.rows_of_cards = Object.values(rows);
  answer.overflow = page.scrollWidth - page.clientWidth;
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.getBoundingClientRect().right > page.clientWidth + 0.5) answer.faults.push("a box is wider than the page");
    if (box.scrollWidth > box.clientWidth && box.tabIndex !== 0) answer.faults.push("a box scrolls that the keyboard does not reach");
  }
  for (const picture of document.querySelectorAll("svg[role=img]")) {
    const place = picture.getBoundingClientRect();
    if (place.width < 300 || place.height < 100) answer.faults.push(`a picture of ${place.width} x ${place.height}`);
  }
  const table = [...document.querySelectorAll("table.sortable")].find((one) => one.caption.textContent.startsWith("Components"));
  const heading = table.tHead.rows[0].cells[1];
  const column = () => [...table.tBodies[0].rows].map((row) => Number(row.cells[1].dataset.value));
  const isSorted = (values, sign) => values.every((value, i) => i === 0 || sign * (value - values[i - 1]) >= 0);
  heading.querySelector("button").click();
  if (heading.getAttribute("aria-sort") !== "ascending" || !isSorted(column(), 1)) answer.faults.push(`ascending: ${column()}`);
  heading.querySelector("button").click();
  if (heading.getAttribute("aria-sort") !== "descending" || !isSorted(column(), -1)) answer.faults.push(`descending: ${column()}`);
  table.tHead.rows[0].cells[0].querySelector("button").click();
  if (table.querySelectorAll("[aria-sort]").length !== 1) answer.faults.push("two headings say that they sort");
  if (!document.getElementById("announcement").textContent.includes("component, ascending")) answer.faults.push("nothing is announced");
  const button = heading.querySelector("button");
  button.focus({ focusVisible: true });
  if (document.activeElement !== button || button.tabIndex !== 0) answer.faults.push("a heading has no focus");
  if (getComputedStyle(button).outlineStyle === "none" || parseFloat(getComputedStyle(button).outlineWidth) < 2) answer.faults.push("focus is not seen");
  const skip = document.querySelector(".skip");
  skip.focus();
  if (skip.getBoundingClientRect().left < 0) answer.faults.push("the link to the content is not seen");
  const told = document.createElement("pre");
  told.id = "answer";
  told.textContent = JSON.stringify(answer);
  document.body.append(told);
});
"""


class Browser(Case):
    def chromium(self, *words):
        """Runs it with a profile of its own, which it may leave busy for a moment."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            return subprocess.run([CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                                   "--user-data-dir=" + profile, *words], capture_output=True, text=True, timeout=PATIENCE)

    def report(self, name, *arguments, **model):
        """A page, and the same with the probe, whose script the page's policy would not let in."""
        np.save(self.path("points.npy"), write_model(self.path("model.h5"), **model))
        done = run("report.py", self.path("model.h5"), self.path("points.npy"), "-o", self.path(name + ".html"), *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.path(name + ".html"), encoding="utf-8") as file:
            content = file.read()
        self.write(name + " probed.html", re.sub(r"<meta http-equiv[^>]*>", "", content).replace("</body>", "<script>%s</script></body>" % PROBE))

    def look(self, name, width, dark):
        """What the probe says of a page in a window of some width, which is one of a frame: windows have a least width."""
        frame = self.write("frame.html", '<!DOCTYPE html><iframe src="%s probed.html" style="width:%dpx;height:800px;border:0"></iframe>'
                           '<script>onload = () => { const told = document.querySelector("iframe").contentDocument.getElementById("answer");'
                           "document.body.append(told); }</script>" % (name, width))
        done = self.chromium("--allow-file-access-from-files", "--window-size=1500,900", *(["--blink-settings=preferredColorScheme=0"] if dark else []),
                             "--virtual-time-budget=3000", "--dump-dom", "file://" + frame)
        found = re.search(r'<pre id="answer">(.*?)</pre>', done.stdout, re.S)
        self.assertTrue(found, done.stdout[-400:] + done.stderr[-400:])
        answer = json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
        self.assertEqual((answer["faults"], answer["overflow"], answer["width"], answer["dark"]), ([], 0, width, dark))
        self.assertGreater(answer["looked"], 40)
        self.assertGreaterEqual(answer["lowest"]["ratio"], 4.5, answer["lowest"])
        return answer

    def test_pages(self):
        names = ["<i>&", "x" * 200, "温度 " * 30]
        self.report("few", k=3, d=2, attributes={"events": ["component 1 collapsed"], "n_samples": 240, "converged": False, "n_iter": 3,
                                                 "an_attribute_of_a_very_long_name_that_has_no_place_to_break": "y" * 100})
        self.report("many", k=12, d=3, covariance="diag", names=names)
        for name, width, dark in (("few", 360, False), ("few", 1400, True), ("many", 360, True), ("many", 1400, False)):
            with self.subTest(page=name, width=width, dark=dark):
                self.look(name, width, dark)

    def test_a_window_of_usual_width(self):
        """No picture scrolls, that of standard errors neither; and no card is alone in a row."""
        write_model(self.path("model.h5"), k=3, d=2)
        with h5py.File(self.path("model.h5")) as file, h5py.File(self.path("boot.h5"), "w") as boot:
            for name in ("weights", "means", "covariances"):
                for part, sign in (("estimate", 0), ("standard_error", None), ("lower", -1), ("upper", 1)):
                    error = np.full(file[name].shape, 0.01)
                    boot["%s/%s" % (name, part)] = error if sign is None else file[name][:] + 2 * sign * error
            boot.attrs.update({"format": "gmmpi bootstrap", "n_replicates": 999, "type": "wlbs"})
        fit = dict(n_samples=240, mean_log_likelihood=-3.25, bic=1234.5, aic=1200.5, n_parameters=17)
        self.report("usual", "--bootstrap", self.path("boot.h5"), k=3, d=2, attributes=fit)
        answer = self.look("usual", 1200, False)
        self.assertEqual(sum(answer["rows_of_cards"]), 7)
        self.assertEqual((answer["scrolling"], min(answer["rows_of_cards"]) > 1), (0, True), answer["rows_of_cards"])

    def test_paper(self):
        """Links in the table tell where it is on paper: every row once, its headings on each of its pages."""
        write_model(self.path("model.h5"), k=60, d=1)
        self.assertEqual(run("report.py", self.path("model.h5"), "-o", self.path("long.html")).returncode, 0)
        with open(self.path("long.html"), encoding="utf-8") as file:
            content = file.read()
        content = content.replace('class="n">weight</th>', 'class="n"><a href="https://heading.test/">weight</a></th>')
        content, n = re.subn(r'(<th scope="row" data-value="(\d+)\.0">)(.*?)</th>', r'\1<a href="https://row.test/\2">\3</a></th>', content)
        self.assertEqual(n, 60)
        paper = self.path("long.pdf")
        self.chromium("--print-to-pdf=" + paper, "--no-pdf-header-footer", "file://" + self.write("long.html", content))
        written = self.bytes_of("long.pdf").decode("latin-1")
        self.assertTrue(written.startswith("%PDF"))
        times = {written.count("https://row.test/%d)" % row) for row in range(60)}
        self.assertEqual(len(times), 1, "a row is missing")
        self.assertGreater(min(times), 0)
        heights = set(re.findall(r"(\S+)\]\s*/A\s*<<[^>]*?https://heading\.test/", written))
        self.assertGreaterEqual(len(heights), 2, "the headings are on one page alone")

    def test_policy(self):
        """The page's own script is let in, one that has found its way into the page is not."""
        self.report("page", k=2, d=1)
        with open(self.path("page.html"), encoding="utf-8") as file:
            content = file.read()
        self.write("page.html", content.replace("</main>", "<script>document.title = 'foreign'</script></main>"))
        dom = self.chromium("--dump-dom", "file://" + self.path("page.html")).stdout
        self.assertIn("<button type=\"button\">weight</button>", dom)
        self.assertNotIn("<title>foreign</title>", dom)


if __name__ == "__main__":
    if CHROMIUM is None:
        namespaces.skip("there is no chromium")
    unittest.main()

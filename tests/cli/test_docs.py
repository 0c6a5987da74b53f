# SPDX-License-Identifier: BSD-3-Clause
"""README, manual and index of the tests: what they promise about themselves, and about the program's options."""

import os
import re
import unittest

import harness

COMMANDS = ("fit", "select", "bootstrap", "predict", "sample", "condition", "marginal", "compare", "info", "convert")
CODE = (".c", ".h", ".py", ".sh", ".R")


def text_of(*names):
    with open(os.path.join(harness.SOURCE, *names), encoding="utf-8") as file:
        return file.read()


def files_under(folder, endings):
    """Paths from `folder` on, of the repository, of the files with these endings; what is built or recorded is left out."""
    found = []
    for path, folders, names in os.walk(os.path.join(harness.SOURCE, folder)):
        folders[:] = [name for name in folders if name not in ("build", "out", "__pycache__") and not name.startswith(".")]
        found += [os.path.relpath(os.path.join(path, name), harness.SOURCE) for name in names if name.endswith(endings)]
    return sorted(found)


def without_code(text):
    """Markdown without its blocks and spans of code."""
    text = re.sub(r"(?m)^    .*$", "", text)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(text):
    """The names under which a page's headings can be linked to, as GitHub makes them."""
    headings = re.findall(r"(?m)^#+ +(.*?) *$", re.sub(r"(?m)^    .*$", "", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Docs(harness.Case):
    def test_lines_of_the_readme(self):
        long = [number for number, line in enumerate(text_of("README.md").splitlines(), 1) if len(line) > 160]
        self.assertEqual(long, [])

    def test_every_option_is_in_the_manual(self):
        manual = "\n".join(text_of(path) for path in files_under("docs", ".md") if "design" not in path.split(os.sep))
        words = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", manual))
        for command in COMMANDS:
            options = re.findall(r"(?m)^  (?:(-\w), |    )?(--[\w-]+) ", self.succeed(command, "--help-all").stdout)
            self.assertGreater(len(options), 1, command)
            self.assertEqual({word for pair in options for word in pair if word and word not in words}, set(), command)

    def test_options_that_pages_name_are_there(self):
        """Behind `gmmpi COMMAND`, in spans and blocks of code, that command's options; elsewhere those of any."""
        options = {command: set(re.findall(r"(?m)^  (?:-\w, |    )(--[\w-]+)", self.succeed(command, "--help-all").stdout)) for command in COMMANDS}
        wrong = []
        for page in ["README.md"] + files_under("docs", ".md"):
            for command, words in re.findall(r"gmmpi (%s) ([^`\n#|;&()]*)" % "|".join(COMMANDS), text_of(page)):
                named = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", words))
                wrong += [f"{page}: gmmpi {command} {option}" for option in named - options[command]]
        self.assertEqual(wrong, [])

    def test_links(self):
        broken = []
        for page in files_under(".", ".md"):
            for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text_of(page))):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                path = os.path.normpath(os.path.join(os.path.dirname(page), name)) if name else page
                if not os.path.exists(os.path.join(harness.SOURCE, path)):
                    broken.append(f"{page}: {target}")
                elif anchor and anchor not in anchors(text_of(path)):
                    broken.append(f"{page}: {target}: no such heading")
        self.assertEqual(broken, [])

    def test_every_page_can_be_reached(self):
        index = text_of("docs", "README.md") + text_of("docs", "design", "README.md") + text_of("README.md")
        index += text_of("docs", "examples", "README.md")
        lost = [page for page in files_under("docs", ".md") if f"({os.path.basename(page)})" not in index and os.path.basename(page) != "README.md"]
        self.assertEqual(lost, [])

    def test_index_of_the_tests(self):
        """Every file of code in tests/ has a line in tests/README.md, and no line is of a file that is gone."""
        index = text_of("tests", "README.md")
        named = {os.path.basename(name) for row in re.findall(r"(?m)^\| (`.*?) \|", index) for name in re.findall(r"`([^`]+\.\w+)`", row)}
        there = {os.path.basename(path) for path in files_under("tests", CODE)}
        self.assertEqual(sorted(there - named), [], "without a line in tests/README.md")
        self.assertEqual(sorted(named - there), [], "in tests/README.md, but not there")


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-3-Clause
"""The document around the sections, and its file. It holds all that it needs, and its policy lets it load nothing."""

import base64
import hashlib
import os
import tempfile

from plotting.problem import NO_OUTPUT, Problem

from .markup import text

HERE = os.path.dirname(os.path.abspath(__file__))

TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src '{hash}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="gmmpi report">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<h1>{heading}</h1>
{lead}</header>
<div class="columns">
<nav aria-label="Sections">
<ol>
{links}
</ol>
</nav>
<main id="main" tabindex="-1">
{body}</main>
</div>
<footer>
<p>Made by <code>scripts/report.py</code> of gmmpi{version}. This page is complete in itself: it loads nothing.</p>
</footer>
<p id="announcement" class="unseen" aria-live="polite"></p>
<script>{script}</script>
</body>
</html>
"""


def _asset(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def document(title, lead, sections, version):
    """title: plain text; lead: HTML."""
    script = _asset("page.js")
    digest = "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    links = "\n".join('<li><a href="#%s">%s</a></li>' % (section.anchor, text(section.heading)) for section in sections)
    return TEMPLATE.format(hash=digest, title=text(title), heading=text(title), style=_asset("page.css"), lead=lead, links=links,
                           body="".join(section.html() for section in sections), version=" " + text(version) if version else "", script=script)


def check_writable(path):
    """Raises a Problem where no file can be put at this place, before anything is computed."""
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path):
        raise Problem(NO_OUTPUT, "%s: is a folder; give the name of a file" % path)
    if not os.path.isdir(folder):
        raise Problem(NO_OUTPUT, "%s: there is no folder %s; make it" % (path, os.path.dirname(path)))
    if not os.access(folder, os.W_OK):
        raise Problem(NO_OUTPUT, "%s: cannot be written (permission denied)" % path)


def write(path, content):
    """Writes the page whole or not at all: to a draft beside it, which takes its name."""
    if os.path.exists(path) and not os.path.isfile(path):  # a device would be replaced by a file
        raise Problem(NO_OUTPUT, "%s: is no ordinary file; give the name of one" % path)
    draft = None
    try:
        handle, draft = tempfile.mkstemp(prefix=os.path.basename(path) + ".", suffix=".partial", dir=os.path.dirname(os.path.abspath(path)))
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(draft, 0o666 & ~mask)
        os.replace(draft, path)
    except OSError as error:
        if draft and os.path.exists(draft):
            os.unlink(draft)
        raise Problem(NO_OUTPUT, "%s: cannot be written (%s)" % (path, error.strerror))

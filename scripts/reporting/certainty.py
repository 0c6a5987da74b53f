# SPDX-License-Identifier: BSD-3-Clause
"""Standard errors, from what gmmpi bootstrap wrote."""

from plotting.bootstrap import pages_of, read_bootstrap
from plotting.bootstrap_picture import draw_page

from .markup import clean, figure, paragraphs, text
from .svg import label_of, svg_of


def section_body(path, columns, beside_data):
    bootstrap = read_bootstrap(path, columns, beside_data)
    parts = [paragraphs(text(bootstrap.remark))] if bootstrap.remark else []
    weight = bootstrap.singles[0]
    weights = "; ".join("component %s %s" % (name, weight.text(k)) for k, name in enumerate(bootstrap.names[:12]))
    for column in bootstrap.singles + bootstrap.means + bootstrap.deviations:
        column.heading = label_of(column.heading, 40)
    bootstrap.names = [label_of(name) for name in bootstrap.names]
    for number, page in enumerate(pages_of(bootstrap, narrow=True), 1):
        alt = "A row for each component: estimates with standard errors and intervals. Weights: %s." % weights
        parts.append(figure(svg_of(draw_page(bootstrap, page), "errors%d" % number, clean(alt)), text(bootstrap.about.replace("\n", "; "))))
    return "".join(parts)

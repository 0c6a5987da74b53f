/* SPDX-License-Identifier: BSD-3-Clause. Tables that are sorted by their headings. */
"use strict";
(() => {
  const keyOf = (row, column) => {
    const cell = row.cells[column];
    return "value" in cell.dataset ? cell.dataset.value : cell.textContent;
  };
  const isNumber = (word) => word !== "" && (/^(-?inf|nan)$/.test(word) || !Number.isNaN(Number(word)));
  const numberOf = (word) => word === "inf" ? Infinity : word === "-inf" ? -Infinity : Number(word);
  const compare = (a, b) => {
    if (!isNumber(a) || !isNumber(b)) return isNumber(b) - isNumber(a) || a.localeCompare(b, undefined, { numeric: true });
    const [x, y] = [numberOf(a), numberOf(b)];
    return x < y ? -1 : x > y ? 1 : 0;
  };
  const sort = (table, heading) => {
    const descending = heading.getAttribute("aria-sort") === "ascending";
    const column = heading.cellIndex;
    const body = table.tBodies[0];
    const rows = Array.from(body.rows).map((row) => [keyOf(row, column), row]);
    // What has no value stays at the end, whichever way.
    rows.sort((a, b) => (a[0] === "nan") - (b[0] === "nan") || (descending ? -1 : 1) * compare(a[0], b[0]));
    for (const [, row] of rows) body.append(row);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    document.getElementById("announcement").textContent =
      `Sorted by ${heading.textContent.trim()}, ${descending ? "descending" : "ascending"}`;
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(table, heading));
    }
  }
  const boxes = document.querySelectorAll(".scroll");
  const findStops = () => {
    for (const box of boxes) box.tabIndex = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight ? 0 : -1;
  };
  addEventListener("resize", findStops);
  findStops();
  for (const hint of document.querySelectorAll(".script-only")) hint.style.display = "inline";
})();

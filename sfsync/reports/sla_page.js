"use strict";
// Without this script the page is complete: it shows the first ranking and every dealer.
for (const tabs of document.querySelectorAll(".tabs")) {
  const buttons = [...tabs.querySelectorAll("button")];
  const choose = (chosen) => {
    for (const button of buttons) {
      button.setAttribute("aria-selected", String(button === chosen));
      button.tabIndex = button === chosen ? 0 : -1;
      document.getElementById(button.getAttribute("aria-controls")).hidden = button !== chosen;
    }
  };
  tabs.hidden = false;
  for (const panel of document.querySelectorAll(".panel h3.which")) panel.hidden = true;
  tabs.addEventListener("click", (event) => event.target.closest("button") && choose(event.target.closest("button")));
  tabs.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    choose(next);
    next.focus();
  });
  choose(buttons[0]);
}
for (const box of document.querySelectorAll("[data-searches]")) {
  const rows = [...document.querySelectorAll(`#${box.dataset.searches} tbody tr`)];
  const count = document.getElementById("found");
  box.closest(".search").hidden = false;
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.dataset.name.includes(wanted);
      shown += !row.hidden;
    }
    count.textContent = `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} dealers`;
  });
}
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.querySelectorAll("th[data-column]")];
  for (const head of heads) {
    const button = document.createElement("button");
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "descending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const place = Number(head.dataset.column);
      const value = (row) => row.cells[place].dataset.value ?? row.cells[place].textContent;
      const numeric = head.dataset.numeric !== undefined;
      const rows = [...body.rows].sort((a, b) => {
        const [one, two] = [value(a), value(b)];
        if (!numeric) return one.localeCompare(two);
        if (one === "" || two === "") return (one === "") - (two === "");
        return Number(one) - Number(two);
      });
      if (!up) rows.reverse();
      if (numeric) rows.sort((a, b) => (value(a) === "") - (value(b) === ""));
      body.append(...rows);
    });
  }
}

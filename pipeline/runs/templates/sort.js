for (const head of document.querySelectorAll("table.sortable thead th")) {
  const table = head.closest("table"), column = head.cellIndex;
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending";
    for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
    const order = (a, b) => {
      const x = value(a), y = value(b);
      if (x === "" || y === "") return (x === "") - (y === "");
      const numbers = !Number.isNaN(Number(x)) && !Number.isNaN(Number(y));
      const sign = numbers ? Number(x) - Number(y) : x.localeCompare(y);
      return down ? -sign : sign;
    };
    const body = table.tBodies[0];
    body.append(...[...body.rows].sort(order));
  });
}

// Values with counts beside the list. It draws what it is told, as text, and tells what was clicked.
const folded = new Map();
const places = new WeakMap();

function made(tag, kind, text) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
}

function drawValue(facet, value, most, pick) {
  const row = made("li", [value.state, value.value === null ? "none" : ""].join(" ").trim());
  const bar = made("span", "bar");
  bar.style.width = `${most ? Math.round((100 * value.count) / most) : 0}%`;
  const button = made("button", "value");
  button.type = "button";
  button.append(made("b", "", value.label), made("em", "", value.count.toLocaleString("en-US")));
  button.title = value.label;
  button.setAttribute("aria-pressed", String(value.state === "in"));
  button.onclick = () => pick({ facet: facet.id, value: value.value, leave_out: false });
  const not = made("button", "not", "−");
  not.type = "button";
  not.title = value.state === "out" ? "No longer leave it out" : "Leave it out";
  not.setAttribute("aria-label", `${not.title}: ${value.label}`);
  not.setAttribute("aria-pressed", String(value.state === "out"));
  not.onclick = () => pick({ facet: facet.id, value: value.value, leave_out: true });
  row.append(bar, button, not);
  return row;
}

function drawFacet(facet, redraw, pick, drop) {
  const section = made("section");
  const isFolded = folded.get(facet.id) ?? facet.folded;
  const head = made("div", "head");
  const fold = made("button", "fold");
  fold.type = "button";
  fold.setAttribute("aria-expanded", String(!isFolded));
  fold.append(made("i", "", isFolded ? "▸" : "▾"), made("span", "", facet.label));
  if (facet.note) fold.append(made("small", "", facet.note));
  fold.onclick = () => { folded.set(facet.id, !isFolded); redraw(); };
  head.append(fold);
  if (facet.removable) {
    const button = made("button", "drop", "✕");
    button.type = "button";
    button.title = `Do not count ${facet.label}`;
    button.setAttribute("aria-label", button.title);
    button.onclick = () => drop(facet.id);
    head.append(button);
  }
  section.append(head);
  if (isFolded) return section;
  const list = made("ul");
  const most = Math.max(0, ...facet.values.map((value) => value.count));
  for (const value of facet.values) list.append(drawValue(facet, value, most, pick));
  section.append(list);
  if (facet.more) section.append(made("div", "more", facet.more));
  return section;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".facets");
  const place = places.get(root) ?? { number: 0 };
  places.set(root, place);
  // Two clicks on the same value are two events.
  const send = (name, what) => setTriggerValue(name, { ...what, number: ++place.number });
  const redraw = () => {
    const active = root.getRootNode().activeElement;
    const at = [...root.querySelectorAll("button")].indexOf(active);
    root.replaceChildren(
      ...data.facets.map((facet) =>
        drawFacet(facet, redraw, (what) => send("pick", what), (id) => send("drop", { facet: id })),
      ),
    );
    if (at >= 0) root.querySelectorAll("button")[at]?.focus();
  };
  redraw();
}

// A text area that hands its text over as one types, a moment after the last key.
// Keys that are pressed as one (a word put in by the system) go together; typing is slower.
const WAIT_MS = 15;
const boxes = new WeakMap();

class Box {
  constructor(root) {
    this.area = root.querySelector("textarea");
    this.label = root.querySelector("label");
    this.given = null;
    this.sent = 0;
    this.area.addEventListener("input", () => { this.grow(); this.later(); });
    this.area.addEventListener("blur", () => this.now());
    // A letter typed here is no shortcut of the page; with Ctrl or Cmd it stays one.
    this.area.addEventListener("keydown", (event) => {
      // What a shortcut does (run, save) is done with the text as it stands here.
      if ((event.ctrlKey || event.metaKey) && (event.key === "Enter" || event.key === "s")) this.now();
      if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
    });
  }

  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    this.label.textContent = data.label;
    this.area.setAttribute("aria-label", data.label);
    this.area.placeholder = data.placeholder;
    this.area.readOnly = data.locked;
    // What the page says counts where it is not an echo of what was typed here meanwhile.
    if (data.revision !== this.given) {
      this.given = data.revision;
      clearTimeout(this.timer);
      this.timer = null;
      if (this.area.value !== data.text) this.area.value = data.text;
      this.last = data.text;
      requestAnimationFrame(() => this.grow());
    }
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), WAIT_MS);
  }

  now() {
    clearTimeout(this.timer);
    this.timer = null;
    if (this.area.value === this.last) return;
    this.last = this.area.value;
    this.sent += 1;
    this.send("edit", { text: this.last, number: this.sent });
  }

  grow() {
    const wanted = this.area.scrollHeight + 2;
    if (wanted > this.area.offsetHeight) this.area.style.height = `${Math.min(wanted, 504)}px`;
  }
}

export default function (component) {
  const root = component.parentElement;
  let box = boxes.get(root);
  if (!box) {
    box = new Box(root);
    boxes.set(root, box);
  }
  box.update(component);
  return () => { box.now(); boxes.delete(root); };
}

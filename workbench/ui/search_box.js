// The search line: it asks the server what could stand at the caret and hands the line over.
const WAIT_MS = 90;
const boxes = new WeakMap();

// The same reading as the syntax has, roughly: only colours depend on it.
const PIECES = /("(?:[^"\\]|\\.)*"?)|(^|[\s(])(-?[A-Za-z_]\w*(?:\.(?:"(?:[^"\\]|\\.)*"|[^\s"\\(),:<>=~^$!]+))?(?:!=|>=|<=|\^=|\$=|[:=<>~]))(?!\/\/)|(^|\s)(OR|AND|NOT)(?=\s|$)/g;

function paint(target, text) {
  target.textContent = "";
  const add = (piece, kind) => {
    if (!piece) return;
    const span = document.createElement("span");
    if (kind) span.className = kind;
    span.textContent = piece;
    target.append(span);
  };
  let at = 0;
  for (const found of text.matchAll(PIECES)) {
    add(text.slice(at, found.index));
    if (found[1] !== undefined) add(found[1], "said");
    else if (found[3] !== undefined) { add(found[2]); add(found[3], "name"); }
    else { add(found[4]); add(found[5], "word"); }
    at = found.index + found[0].length;
  }
  add(text.slice(at));
}

class Box {
  constructor(root) {
    this.box = root.querySelector(".box");
    this.input = root.querySelector("input");
    this.painted = root.querySelector(".paint");
    this.list = root.querySelector("ul");
    this.clear = root.querySelector(".clear");
    this.options = [];
    this.active = -1;
    this.asked = 0;
    this.text = null;
    const on = (target, name, run) => target.addEventListener(name, run);
    on(this.input, "input", () => { this.draw(); this.narrow(); this.ask(); });
    on(this.input, "keydown", (event) => this.pressed(event));
    on(this.input, "scroll", () => this.scroll());
    on(this.input, "focus", () => this.ask());
    on(this.input, "click", () => this.ask());
    on(this.input, "blur", () => this.close());
    on(this.clear, "click", () => { this.input.value = ""; this.draw(); this.submit(); });
    // A press on an option must not take the focus away first.
    on(this.list, "mousedown", (event) => {
      event.preventDefault();
      const item = event.target.closest("li[data-number]");
      if (item) this.take(Number(item.dataset.number));
    });
    this.shortcut = (event) => {
      const inside = event.composedPath()[0];
      const typing = inside instanceof Element &&
        (inside.closest("input, textarea, select") || inside.isContentEditable);
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.input.focus();
      this.input.select();
    };
    document.addEventListener("keydown", this.shortcut);
  }

  // Called with every run of the page, and with every answer to a question.
  update({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    this.input.placeholder = data.placeholder;
    this.box.classList.toggle("wrong", data.wrong);
    this.input.setAttribute("aria-invalid", String(data.wrong));
    if (data.text !== this.text) {
      this.text = data.text;
      this.input.value = data.text;
      this.draw();
    }
    const answer = data.completion;
    if (answer && answer.id === this.asked && this.focused()) this.show(answer);
  }

  focused() { return this.input.getRootNode().activeElement === this.input; }

  draw() {
    paint(this.painted, this.input.value);
    this.clear.hidden = !this.input.value;
    this.scroll();
  }

  scroll() { this.painted.style.transform = `translateX(${-this.input.scrollLeft}px)`; }

  ask() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.focused()) return;
      this.asked = Date.now();
      this.askedText = this.input.value;
      this.send("ask", {
        id: this.asked, text: this.askedText, caret: this.input.selectionStart ?? 0,
      });
    }, WAIT_MS);
  }

  show(answer) {
    // What was chosen while the answer was on its way stays chosen.
    const chosen = this.list.hidden ? undefined : this.options[this.active]?.insert;
    this.options = answer.options;
    this.range = [answer.start, answer.end];
    this.rangeText = this.askedText;
    this.active = -1;
    this.list.textContent = "";
    answer.options.forEach((option, number) => {
      const item = document.createElement("li");
      item.id = `wb-option-${number}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.dataset.number = number;
      for (const [kind, text] of [["label", option.label], ["detail", option.detail]]) {
        const part = document.createElement("span");
        part.className = kind;
        part.textContent = text;
        item.append(part);
      }
      this.list.append(item);
    });
    if (answer.note && answer.options.length) {
      const note = document.createElement("li");
      note.className = "note";
      note.textContent = answer.note;
      this.list.append(note);
    }
    this.list.hidden = !answer.options.length;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.list.scrollTop = 0;
    this.narrow();
    const kept = this.options.findIndex((option) => option.insert === chosen);
    if (kept >= 0 && !this.list.hidden && !this.items()[kept].hidden) this.select(kept);
  }

  // Typing goes on while an answer is on its way: what was offered is narrowed down here meanwhile,
  // and what does not belong to the line any more is put away.
  narrow() {
    if (this.list.hidden || this.input.value === this.rangeText) return;
    const [start, end] = this.range;
    const text = this.input.value, old = this.rangeText;
    const last = end + text.length - old.length;
    const same = last >= start && text.slice(0, start) === old.slice(0, start) &&
      text.slice(last) === old.slice(end);
    const typed = text.slice(start, this.input.selectionStart ?? last).replace(/^"/, "")
      .toLowerCase();
    let left = 0;
    for (const item of this.items()) {
      const fits = same && this.options[item.dataset.number].label.toLowerCase().includes(typed);
      item.hidden = !fits;
      left += fits ? 1 : 0;
    }
    if (!left) { this.hide(); return; }
    this.range = [start, last];
    this.rangeText = text;
    this.select(-1);
  }

  items() { return [...this.list.querySelectorAll("li[data-number]")]; }

  close() {
    clearTimeout(this.timer);
    this.asked = 0;
    this.hide();
  }

  hide() {
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  move(step) {
    const shown = this.items().filter((item) => !item.hidden);
    const at = shown.findIndex((item) => Number(item.dataset.number) === this.active);
    const next = at < 0 ? (step > 0 ? 0 : shown.length - 1) : (at + step + shown.length) % shown.length;
    if (shown.length) this.select(Number(shown[next].dataset.number));
  }

  select(number) {
    this.active = number;
    for (const item of this.items()) {
      const chosen = Number(item.dataset.number) === number;
      item.setAttribute("aria-selected", String(chosen));
      if (!chosen) continue;
      this.input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    }
    if (number < 0) this.input.removeAttribute("aria-activedescendant");
  }

  first() {
    const item = this.items().find((each) => !each.hidden);
    return item ? Number(item.dataset.number) : -1;
  }

  take(number) {
    const option = this.options[number];
    if (!option) return;
    const [start, end] = this.range;
    const text = this.input.value;
    const rest = text.slice(end);
    const insert = option.insert + (option.final && !/^[\s,)]/.test(rest) ? " " : "");
    this.input.value = text.slice(0, start) + insert + rest;
    const caret = start + insert.length;
    this.input.setSelectionRange(caret, caret);
    this.close();
    this.draw();
    this.input.focus();
    this.ask();
  }

  submit() {
    this.close();
    this.text = null;
    this.send("search", { text: this.input.value, id: Date.now() });
  }

  pressed(event) {
    if (event.isComposing) return;
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" && open) this.move(1);
    else if (event.key === "ArrowUp" && open) this.move(-1);
    else if (event.key === "Tab" && open && !event.shiftKey) this.take(this.active < 0 ? this.first() : this.active);
    else if (event.key === "Enter" && open && this.active >= 0) this.take(this.active);
    else if (event.key === "Enter") this.submit();
    else if (event.key === "Escape" && open) this.close();
    else if (event.key === "Escape") this.input.blur();
    else if (event.key === " " && event.ctrlKey) this.ask();
    else {
      if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) this.ask();
      // A letter typed here is no shortcut of the page.
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
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
  return () => {
    document.removeEventListener("keydown", box.shortcut);
    boxes.delete(root);
  };
}

// Tells once that the table is painted, or that there is none to wait for.
const PATIENCE_MS = 1500;
const told = new WeakSet();

export default function ({ parentElement, setTriggerValue }) {
  if (told.has(parentElement)) return;
  told.add(parentElement);
  const begun = performance.now();
  const look = () => {
    const waited = performance.now() - begun;
    const painted = document.querySelector('[data-testid="stDataFrame"] canvas');
    if (!painted && waited < PATIENCE_MS) setTimeout(look, 50);
    else requestAnimationFrame(() => setTimeout(() => setTriggerValue("painted", true), 0));
  };
  look();
}

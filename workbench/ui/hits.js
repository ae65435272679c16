// Hits of a search: marked inside of Markdown, counted, gone through one by one. Texts are only
// compared and never written into the page: marks are ranges that the browser paints over it.
(() => {
  if (window.workbenchHits) return;
  const WAIT_MS = 100;
  const canPaint = Boolean(window.CSS && CSS.highlights && window.Highlight);
  const INLINE = /^(A|ABBR|B|BDI|CODE|DEL|EM|I|INS|KBD|MARK|S|SMALL|SPAN|STRONG|SUB|SUP|U)$/;
  const UNREAD = /^(BUTTON|SVG|STYLE|SCRIPT)$/i;
  // What joins the letter before it: marks, and the vowels and final consonants of Hangul.
  const JOINING = '\\p{M}\\u1161-\\u1175\\u11a8-\\u11c2';
  const UNEVEN = new RegExp(
    `[\\u{10000}-\\u{10ffff}][${JOINING}]*|[^${JOINING}]?[${JOINING}]+`, 'gu');

  // As `search_fold` has it: there and back again makes of ß, ẞ, ﬁ and ς what case folding does.
  const fold = (text) => (/^[\0-\x7f]*$/.test(text) ? text.toLowerCase() : text.normalize('NFC')
    .replace(/[\u0130\u0131]/g, 'i').toLowerCase().toUpperCase().toLowerCase()
    .replace(/\u03c2/g, '\u03c3').replace(/i\u0307/g, 'i').normalize('NFC'));

  // The text folded as a whole; of each folded letter, where its own begins and ends.
  const folded = (text) => {
    const pieces = [], starts = [], ends = [];
    const add = (own, at) => {
      const piece = fold(own);
      pieces.push(piece);
      for (let i = 0; i < piece.length; i += 1) {
        starts.push(at);
        ends.push(at + own.length);
      }
    };
    // Without marks a letter folds to one or more: as many as before is each to its own.
    const addPlain = (own, at) => {
      const piece = fold(own);
      if (piece.length !== own.length) [...own].forEach((letter, i) => add(letter, at + i));
      else {
        pieces.push(piece);
        for (let i = 0; i < own.length; i += 1) {
          starts.push(at + i);
          ends.push(at + i + 1);
        }
      }
    };
    let done = 0;
    for (const found of text.matchAll(UNEVEN)) {
      addPlain(text.slice(done, found.index), done);
      add(found[0], found.index);
      done = found.index + found[0].length;
    }
    addPlain(text.slice(done), done);
    return { text: pieces.join(''), starts, ends };
  };

  // Where the needles stand: rising, without overlaps.
  const spans = (text, needles) => {
    const whole = fold(text);
    if (!needles.some((needle) => whole.includes(needle))) return [];
    const here = folded(text);
    const found = [];
    for (const needle of needles) {
      let place = here.text.indexOf(needle);
      while (place >= 0) {
        const end = place + needle.length;
        found.push([here.starts[place], here.ends[end - 1]]);
        place = here.text.indexOf(needle, end);
      }
    }
    found.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
    const merged = [];
    for (const [start, end] of found) {
      const last = merged[merged.length - 1];
      if (last && start < last[1]) last[1] = Math.max(last[1], end);
      else merged.push([start, end]);
    }
    return merged;
  };

  // Neighbouring text nodes of one block: a word may begin in bold and go on outside of it.
  const runs = (root) => {
    const found = [];
    let block = null;
    const walker = document.createTreeWalker(root, 5, (node) => (
      UNREAD.test(node.nodeName) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.nodeType !== Node.TEXT_NODE) {
        if (node.nodeName === 'BR') block = null;
        continue;
      }
      let own = node.parentElement;
      while (own !== root && INLINE.test(own.tagName)) own = own.parentElement;
      if (own !== block) found.push([]);
      block = own;
      found[found.length - 1].push(node);
    }
    return found;
  };

  const rangesIn = (nodes, needles) => {
    const begins = [];
    let length = 0;
    for (const node of nodes) {
      begins.push(length);
      length += node.data.length;
    }
    let at = 0;
    return spans(nodes.map((node) => node.data).join(''), needles).map(([start, end]) => {
      while (begins[at + 1] <= start) at += 1;
      let last = at;
      while (begins[last + 1] < end) last += 1;
      return new StaticRange({
        startContainer: nodes[at], startOffset: start - begins[at],
        endContainer: nodes[last], endOffset: end - begins[last],
      });
    });
  };

  let ranges = [];
  let now = null;
  const isSame = (one, other) => one.startContainer === other.startContainer
    && one.startOffset === other.startOffset;
  const paint = (name, painted, priority) => {
    if (!painted.length) {
      CSS.highlights.delete(name);
      return;
    }
    const highlight = new Highlight();
    painted.forEach((each) => highlight.add(each));
    highlight.priority = priority;
    CSS.highlights.set(name, highlight);
  };

  const mark = () => {
    const line = document.querySelector('[data-wb-terms]');
    if (!line && !ranges.length) return;
    const needles = line ? JSON.parse(line.dataset.wbTerms).map(fold).filter(Boolean) : [];
    const texts = line ? [...document.querySelectorAll('[class*="st-key-wb-found-"]')] : [];
    ranges = texts.flatMap(runs).flatMap((nodes) => rangesIn(nodes, needles));
    now = now && (ranges.find((each) => isSame(each, now)) || null);
    paint('wb-hit', ranges, 0);
    paint('wb-now', now ? [now] : [], 1);
    if (line) tell(line.querySelector('.wb-count'));
  };

  // Signs of Markdown are not drawn, so a hit in them cannot be marked.
  const tell = (place) => {
    const marked = ranges.length + document.querySelectorAll('mark.wb-hit').length;
    const all = Math.max(Number(place.dataset.wbOf), marked);
    if (!all) return;
    const shown = (number) => number.toLocaleString('en');
    const word = all === 1 ? 'hit' : 'hits';
    const told = marked < all ? `${shown(marked)} of ${shown(all)} ${word} marked`
      : `${shown(all)} ${word}`;
    if (place.textContent !== told) place.textContent = told;
  };

  const jump = (step) => {
    const nodeOf = (place) => place.startContainer || place;
    const isAfter = Node.DOCUMENT_POSITION_FOLLOWING;
    const marks = [...document.querySelectorAll('mark.wb-hit')];
    const places = [...marks, ...ranges].sort((one, other) => (nodeOf(one) === nodeOf(other)
      ? one.startOffset - other.startOffset
      : (nodeOf(one).compareDocumentPosition(nodeOf(other)) & isAfter ? -1 : 1)));
    if (!places.length) return false;
    const old = document.querySelector('mark.wb-now') || now;
    let at = old ? places.indexOf(old) : (step > 0 ? -1 : 0);
    at = (at + step + places.length) % places.length;
    if (old && old.classList) old.classList.remove('wb-now');
    const place = places[at];
    now = place.startContainer ? place : null;
    if (!now) place.classList.add('wb-now');
    if (canPaint) paint('wb-now', now ? [now] : [], 1);
    show(place);
    document.querySelectorAll('.wb-at').forEach((each) => {
      each.textContent = `${at + 1} of ${places.length}`;
    });
    return true;
  };

  const show = (place) => {
    const element = place.startContainer ? place.startContainer.parentElement : place;
    const details = element.closest('details');
    if (details) details.open = true;
    element.scrollIntoView({ block: 'center' });
    if (element === place) return;
    // A paragraph may be higher than the window.
    const range = document.createRange();
    range.setStart(place.startContainer, place.startOffset);
    range.setEnd(place.endContainer, place.endOffset);
    const { top, bottom } = range.getBoundingClientRect();
    if (top >= 0 && bottom <= window.innerHeight) return;
    let moved = element;
    while (moved && !(moved.scrollHeight > moved.clientHeight
      && /auto|scroll/.test(getComputedStyle(moved).overflowY))) moved = moved.parentElement;
    if (moved) moved.scrollBy(0, top - window.innerHeight / 2);
  };

  document.addEventListener('click', (event) => {
    const button = event.target.closest && event.target.closest('button[data-wb-jump]');
    if (button) jump(Number(button.dataset.wbJump));
  });
  if (canPaint) {
    let timer = 0;
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(mark, WAIT_MS);
    };
    new MutationObserver(later).observe(document.body, {
      childList: true, subtree: true, characterData: true,
    });
    later();
  }
  window.workbenchHits = { jump };
})();

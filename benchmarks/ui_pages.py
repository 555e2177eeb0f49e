"""What runs inside the pages that are measured: it waits for what is seen, and keeps times.

Times are those of the page, counted from the moment it was asked for.
"""

WATCH = """
window.bench = {frames: [], seen: {}};
bench.isSeen = (sel, words) => [...document.querySelectorAll(sel)].some(
  (one) => one.getClientRects().length && (!words || one.textContent.includes(words)));
// Painted: the frame in which it is there has been handed over.
bench.painted = (name) => requestAnimationFrame(() => setTimeout(
  () => { bench.seen[name] ??= performance.now(); }));
bench.until = (name, test) => {
  const look = () => { if (test()) bench.painted(name); else requestAnimationFrame(look); };
  look();
};
bench.drawn = (name) => {
  const watch = new MutationObserver((changes) => {
    const isChart = changes.some(({target}) => target.closest?.('.chart svg'));
    // The pointer changes charts, too: what counts is a change after the answer.
    const isAnswered = performance.getEntriesByType('resource').some(
      (one) => one.name.includes('/metrics') && one.startTime >= bench.begun);
    if (isChart && isAnswered) { watch.disconnect(); bench.painted(name); }
  });
  watch.observe(document.body, {childList: true, subtree: true, attributes: true});
};
bench.on = (kind) => addEventListener(kind, () => { bench.begun = performance.now(); },
  {capture: true, once: true});
bench.record = () => {
  bench.frames = [];
  let isOn = true;
  const frame = (at) => { bench.frames.push(at); if (isOn) requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  bench.stop = () => { isOn = false; return bench.frames; };
};
"""
"""Runs before anything of a page."""

CANVAS = """
([lines, points, isDrawn]) => new Promise((done) => {
  const canvas = document.createElement('canvas');
  canvas.width = 1100; canvas.height = 190;
  document.body.replaceChildren(canvas);
  const pen = canvas.getContext('2d');
  const values = Array.from({length: lines}, (_, line) => Float32Array.from(
    {length: points}, (_, at) => 95 + 80 * Math.sin(at / 3 + line)));
  const frames = [];
  const draw = (at) => {
    frames.push(at);
    if (frames.length > 120) return done(frames);
    if (isDrawn) {
      pen.clearRect(0, 0, 1100, 190);
      pen.strokeStyle = '#0072b2';
      pen.globalAlpha = 0.7;
      for (const line of values) {
        pen.beginPath();
        for (let place = 0; place < points; place++)
          pen.lineTo((place * 1100) / points - frames.length, line[place]);
        pen.stroke();
      }
    }
    requestAnimationFrame(draw);
  };
  requestAnimationFrame(draw);
})
"""
"""The floor of moving: so many lines on a bare canvas, a point a pixel; or nothing at all."""

'use strict';
for (const plot of document.querySelectorAll('.plot')) {
  const svg = plot.querySelector('svg[data-points]');
  const said = plot.querySelector('output');
  const cursor = svg.querySelector('.cursor');
  const points = svg.dataset.points.split(' ').map(p => p.split(',').map(Number));
  const texts = svg.dataset.texts.split('\n');
  const upright = new Set(points.map(p => p[0])).size === points.length;
  let at = -1;
  const show = i => {
    at = Math.max(0, Math.min(points.length - 1, i));
    const [x, y] = points[at];
    const [line, dot] = cursor.children;
    line.setAttribute('x1', x);
    line.setAttribute('x2', x);
    dot.setAttribute('cx', x);
    dot.setAttribute('cy', y);
    cursor.removeAttribute('hidden');
    said.textContent = texts[at];
  };
  const hide = () => {
    cursor.setAttribute('hidden', '');
    said.textContent = '\u00a0';
  };
  svg.addEventListener('pointermove', event => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
    const y = (event.clientY - box.top) * svg.viewBox.baseVal.height / box.height;
    let best = 0;
    points.forEach((p, i) => {
      const far = q => (q[0] - x) ** 2 + (upright ? 0 : (q[1] - y) ** 2);
      if (far(p) < far(points[best])) best = i;
    });
    show(best);
  });
  svg.addEventListener('pointerleave', hide);
  plot.addEventListener('blur', hide);
  plot.addEventListener('keydown', event => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (step) {
      show(at + step);
      event.preventDefault();
    }
  });
}

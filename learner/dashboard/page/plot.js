// One plot: lines with bands over a common axis, references, a cursor, zoom and a table of the same numbers.
// Series come as {x, mean, min, max}, four lists of one length.
import {make, onAxis, short, svg, ticks} from '/format.js';

const margin = {left: 46, right: 12, top: 8, bottom: 20};
const tableRows = 30;

/** The view that all plots share: the axis, what part of it is shown (null: all), and where the cursor is. */
export class View {
  constructor(onChange) {
    this.axis = 'env_steps';
    this.range = null;
    this.cursor = null;
    this.onChange = onChange;
  }
  setRange(range) {
    this.range = range;
    this.onChange('range');
  }
  setCursor(x) {
    if (x === this.cursor) return;
    this.cursor = x;
    this.onChange('cursor');
  }
}

export class Plot {
  /**
   * options: title, height, about (what the plot shows, for screen readers), lines: [{name, label}], unit,
   * references: () => [{label, value}], zero: the axis of values begins at 0, form: how a value is written.
   */
  constructor(view, store, options) {
    Object.assign(this, {view, store, references: () => [], form: short, height: 150, zero: false}, options);
    this.legend = make('ul', {class: 'legend'});
    this.canvas = svg('svg', {'aria-hidden': 'true', height: this.height});
    this.tip = make('div', {class: 'tip', hidden: true});
    this.empty = make('p', {class: 'empty'}, 'no data yet');
    this.box = make('div', {class: 'plot', tabindex: '0', role: 'application', 'aria-roledescription': 'plot',
      'aria-label': `${this.title}. ${this.about ?? ''} Left and right arrows read values.`}, this.canvas, this.tip, this.empty);
    this.said = make('p', {class: 'hidden-text', 'aria-live': 'polite'});
    this.tableButton = make('button', {type: 'button', 'aria-expanded': 'false', 'aria-label': `${this.title}: table`}, 'Table');
    this.table = make('div', {class: 'numbers', hidden: true, tabindex: '0', role: 'region', 'aria-label': `${this.title}, numbers`});
    this.root = make('figure', {class: 'card'},
      make('div', {class: 'head'}, make('h2', {}, this.title), this.tableButton), this.legend, this.box, this.said, this.table);
    this.listen();
  }

  listen() {
    this.tableButton.addEventListener('click', () => {
      this.table.hidden = !this.table.hidden;
      this.tableButton.setAttribute('aria-expanded', String(!this.table.hidden));
      this.drawTable();
    });
    this.box.addEventListener('pointermove', (event) => this.onMove(event));
    this.box.addEventListener('pointerleave', () => { if (!this.drag) this.view.setCursor(null); });
    this.box.addEventListener('pointerdown', (event) => this.onDown(event));
    this.box.addEventListener('pointerup', (event) => this.onUp(event));
    this.box.addEventListener('pointercancel', () => { this.drag = null; this.draw(); });
    this.box.addEventListener('dblclick', () => this.view.setRange(null));
    this.box.addEventListener('keydown', (event) => this.onKey(event));
    this.box.addEventListener('blur', () => this.view.setCursor(null));
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  data() {
    return this.lines.map((line, i) => ({...line, colour: `var(--line${line.colour ?? i % 6})`, points: this.store.get(line.name)}))
      .filter((line) => line.points.x.length > 0);
  }

  xAt(event) {
    const box = this.box.getBoundingClientRect();
    const inner = box.width - margin.left - margin.right;
    const part = Math.min(1, Math.max(0, (event.clientX - box.left - margin.left) / inner));
    return this.xs[0] + part * (this.xs[1] - this.xs[0]);
  }

  onMove(event) {
    if (!this.xs) return;
    const x = this.xAt(event);
    if (this.drag) {
      if (this.drag.pans) {
        const by = this.drag.from - x;
        if (by !== 0) this.view.setRange([this.xs[0] + by, this.xs[1] + by]);
        return;
      }
      this.drag.to = x;
      this.draw();
    }
    this.view.setCursor(x);
  }
  onDown(event) {
    if (!this.xs || event.button !== 0 || event.pointerType === 'touch') return;
    this.box.setPointerCapture(event.pointerId);
    const x = this.xAt(event);
    this.drag = {from: x, to: x, pans: event.shiftKey};
  }
  onUp() {
    const drag = this.drag;
    this.drag = null;
    if (!drag || drag.pans) return;
    const range = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
    if (range[1] - range[0] > (this.xs[1] - this.xs[0]) * 0.015) this.view.setRange(range);
    else this.draw();
  }

  onKey(event) {
    if (!this.xs || event.ctrlKey || event.metaKey || event.altKey) return;
    const [low, high] = this.xs;
    const size = high - low;
    const middle = this.view.cursor ?? (low + high) / 2;
    const move = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (move && event.shiftKey) this.view.setRange([low + move * size / 5, high + move * size / 5]);
    else if (move) this.step(move);
    else if (event.key === '+' || event.key === '=') this.view.setRange([middle - size / 4, middle + size / 4]);
    else if (event.key === '-') this.view.setRange([middle - size, middle + size]);
    else if (event.key === '0' || event.key === 'Escape') this.view.setRange(null);
    else return;
    event.preventDefault();
  }

  /** Moves the cursor to the next point of the first line, and says what is there. */
  step(by) {
    const first = this.data()[0];
    if (!first) return;
    const xs = first.points.x;
    const at = this.view.cursor === null ? (by > 0 ? -1 : xs.length) : nearest(xs, this.view.cursor);
    const next = xs[Math.min(xs.length - 1, Math.max(0, at + by))];
    this.view.setCursor(next);
    this.said.textContent = `${onAxis(this.view.axis, next)}: ` +
      this.data().map((line) => `${line.label} ${this.form(line.points.mean[nearest(line.points.x, next)])}`).join(', ');
  }

  ranges(lines) {
    const xs = this.view.range ?? this.store.extent();
    let low = this.zero ? 0 : Infinity, high = this.zero ? 0 : -Infinity;
    for (const {points} of lines) {
      for (let i = 0; i < points.x.length; ++i) {
        if (points.x[i] < xs[0] || points.x[i] > xs[1]) continue;
        low = Math.min(low, points.min[i]);
        high = Math.max(high, points.max[i]);
      }
    }
    for (const {value} of this.references()) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    if (!(low <= high)) [low, high] = [0, 1];
    const pad = (high - low) * 0.06 || Math.abs(high) * 0.05 || 1;
    return {xs: xs[1] > xs[0] ? xs : [xs[0] - 0.5, xs[0] + 0.5], ys: [this.zero && low === 0 ? 0 : low - pad, high + pad]};
  }

  draw() {
    const width = this.box.clientWidth;
    if (width < 100) return;
    const lines = this.data();
    this.empty.hidden = lines.length > 0;
    const {xs, ys} = this.ranges(lines);
    this.xs = lines.length > 0 ? xs : null;
    const px = (x) => margin.left + (x - xs[0]) / (xs[1] - xs[0]) * (width - margin.left - margin.right);
    const py = (y) => this.height - margin.bottom - (y - ys[0]) / (ys[1] - ys[0]) * (this.height - margin.top - margin.bottom);
    const parts = [];
    this.drawAxes(parts, px, py, xs, ys, width);
    const clip = `clip-${this.title.replace(/\W/g, '')}`;
    const clipPath = svg('clipPath', {id: clip});
    clipPath.append(svg('rect', {x: margin.left, y: 0, width: width - margin.left - margin.right, height: this.height}));
    const group = svg('g', {'clip-path': `url(#${clip})`});
    const names = this.drawReferences(parts, py, width);
    for (const line of lines) drawLine(group, line, px, py);
    if (this.drag && !this.drag.pans && this.xs) {
      const [a, b] = [px(this.drag.from), px(this.drag.to)];
      group.append(svg('rect', {class: 'selection', x: Math.min(a, b), width: Math.abs(b - a), y: 0, height: this.height}));
    }
    this.canvas.setAttribute('viewBox', `0 0 ${width} ${this.height}`);
    this.canvas.replaceChildren(clipPath, ...parts, group, ...names);
    this.drawCursor(lines, px, py, xs, width);
    this.drawLegend(lines);
    this.drawTable();
  }

  drawAxes(parts, px, py, xs, ys, width) {
    for (const y of ticks(ys[0], ys[1], this.height / 36)) {
      parts.push(svg('line', {class: 'grid', x1: margin.left, x2: width - margin.right, y1: py(y), y2: py(y)}));
      parts.push(svg('text', {x: margin.left - 6, y: py(y) + 4, 'text-anchor': 'end'}, this.form(y)));
    }
    if (!this.xs) return;
    for (const x of ticks(xs[0], xs[1], width / 75)) {
      const at = px(x);
      const anchor = at > width - 30 ? 'end' : 'middle';
      parts.push(svg('text', {x: anchor === 'end' ? width - 2 : at, y: this.height - 5, 'text-anchor': anchor}, onAxis(this.view.axis, x)));
    }
  }

  drawReferences(parts, py, width) {
    const list = this.references().map((one) => ({...one, at: py(one.value)})).sort((a, b) => a.at - b.at);
    const names = [];
    let last = -Infinity;
    for (const one of list) {
      parts.push(svg('line', {class: 'reference', x1: margin.left, x2: width - margin.right, y1: one.at, y2: one.at}));
      const at = Math.max(one.at - 4, last + 13, 10);
      last = at;
      names.push(svg('text', {class: 'name', x: width - margin.right - 2, y: at, 'text-anchor': 'end'}, one.label));
    }
    return names;
  }

  drawCursor(lines, px, py, xs, width) {
    const x = this.view.cursor;
    this.tip.hidden = x === null || lines.length === 0 || x < xs[0] || x > xs[1];
    if (this.tip.hidden) return;
    const at = px(x);
    this.canvas.append(svg('line', {class: 'cursor', x1: at, x2: at, y1: margin.top, y2: this.height - margin.bottom}));
    const rows = [make('p', {}, make('b', {}, onAxis(this.view.axis, x)))];
    for (const line of lines) {
      const i = nearest(line.points.x, x);
      const dot = svg('circle', {class: 'dot', r: 3.5, cx: px(line.points.x[i]), cy: py(line.points.mean[i])});
      dot.style.setProperty('--colour', line.colour);
      this.canvas.append(dot);
      const spread = line.points.max[i] > line.points.min[i] ? ` (${this.form(line.points.min[i])} to ${this.form(line.points.max[i])})` : '';
      rows.push(make('p', {}, make('span', {}, line.label), make('b', {}, this.form(line.points.mean[i]) + spread)));
    }
    this.tip.replaceChildren(...rows);
    const left = at > width / 2 ? at - this.tip.offsetWidth - 10 : at + 10;
    this.tip.style.left = `${Math.max(0, Math.min(left, width - this.tip.offsetWidth))}px`;
  }

  drawLegend(lines) {
    const items = lines.map((line) => {
      const item = make('li', {}, `${line.label} `, make('b', {}, this.form(line.points.mean.at(-1)) + (this.unit ?? '')));
      item.style.setProperty('--colour', line.colour);
      return item;
    });
    this.legend.replaceChildren(...items);
  }

  drawTable() {
    if (this.table.hidden) return;
    const lines = this.data();
    const xs = lines.length > 0 ? lines[0].points.x.slice(-tableRows).reverse() : [];
    const head = make('tr', {}, ...[{label: 'at'}, ...lines].map((line) => make('th', {scope: 'col'}, line.label)));
    const rows = xs.map((x) => make('tr', {}, make('th', {scope: 'row'}, onAxis(this.view.axis, x)),
      ...lines.map((line) => make('td', {class: 'number'}, this.form(line.points.mean[nearest(line.points.x, x)])))));
    this.table.replaceChildren(make('table', {}, make('caption', {class: 'hidden-text'}, `${this.title}, the newest first`),
      make('thead', {}, head), make('tbody', {}, ...rows)));
  }
}

function drawLine(group, line, px, py) {
  const {x, mean, min, max} = line.points;
  const path = (ys, order) => order.map((i) => `${px(x[i]).toFixed(1)},${py(ys[i]).toFixed(1)}`).join('L');
  const forth = x.map((_, i) => i);
  const band = svg('path', {class: 'band', d: `M${path(max, forth)}L${path(min, [...forth].reverse())}Z`});
  const stroke = svg('path', {class: 'line', d: `M${path(mean, forth)}`});
  for (const part of [band, stroke]) {
    part.style.setProperty('--colour', line.colour);
    group.append(part);
  }
  if (x.length !== 1) return;
  const dot = svg('circle', {class: 'dot', r: 3.5, cx: px(x[0]), cy: py(mean[0])});
  dot.style.setProperty('--colour', line.colour);
  group.append(dot);
}

/** The index of the element of the ascending list that is nearest to x. */
export function nearest(list, x) {
  let low = 0, high = list.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (list[middle] < x) low = middle;
    else high = middle;
  }
  return Math.abs(list[low] - x) <= Math.abs(list[high] - x) ? low : high;
}

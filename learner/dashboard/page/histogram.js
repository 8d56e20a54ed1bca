// A histogram of lags: how many of the newest learnt rows were how old.
import {make, percent, short, svg} from '/format.js';

const height = 130;
const foot = 18, head = 14;

/** options: title, about, form: how a bound is written. */
export class Histogram {
  constructor({title, about, form}) {
    Object.assign(this, {title, form});
    this.canvas = svg('svg', {'aria-hidden': 'true', height});
    this.empty = make('p', {class: 'empty'}, 'no data yet');
    this.box = make('div', {class: 'plot'}, this.canvas, this.empty);
    this.text = make('p', {class: 'why'});
    this.root = make('figure', {class: 'card histogram'}, make('div', {class: 'head'}, make('h2', {}, title)), this.box, this.text);
    this.text.textContent = about;
    this.about = about;
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  /** data: {up_to, counts}, as in /api/v1/status. */
  show(data) {
    this.data = data;
    this.draw();
  }

  draw() {
    const width = this.box.clientWidth;
    const bars = trimmed(this.data);
    this.empty.hidden = bars.length > 0;
    if (width < 100) return;
    this.canvas.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const all = bars.reduce((sum, bar) => sum + bar.count, 0);
    const most = Math.max(1, ...bars.map((bar) => bar.count));
    const step = width / Math.max(1, bars.length);
    const every = Math.ceil(bars.length / Math.max(1, Math.floor(width / 46)));
    const parts = bars.flatMap((bar, i) => {
      const size = bar.count / most * (height - foot - head);
      const box = svg('rect', {class: 'bar', x: i * step + 1, width: Math.max(1, step - 2), y: height - foot - size, height: size});
      const middle = (i + 0.5) * step;
      const bound = bar.bound === null ? 'more' : this.form(bar.bound);
      const anchor = i === 0 ? {x: 1, 'text-anchor': 'start'} : {x: middle, 'text-anchor': 'middle'};  // The first may not be cut.
      const label = i % every === 0 ? [svg('text', {y: height - 4, ...anchor}, bound)] : [];
      const share = step > 34 && bar.count > 0
        ? [svg('text', {x: middle, y: height - foot - size - 3, 'text-anchor': 'middle'}, `${Math.round(100 * bar.count / all)}%`)] : [];
      return [box, ...label, ...share];
    });
    this.canvas.replaceChildren(...parts);
    if (bars.length > 0) this.text.textContent = `${this.about} ${this.inWords(bars, all)}`;
  }

  /** "Half of them at most 20; 3.1 % above 100." */
  inWords(bars, all) {
    let sum = 0;
    const half = bars.find((bar) => (sum += bar.count) >= all / 2);
    const middle = half.bound === null ? `Half of ${short(all)} rows are above all of these.`
      : `Half of ${short(all)} rows: at most ${this.form(half.bound)}.`;
    const last = bars.at(-1);
    const share = last.count / all;
    return `${middle} ${share < 0.001 ? 'Less than 0.1 %' : percent(share)} are in the last bar.`;
  }
}

/** The bars between the first and the last that are not empty: [{bound, count}]; bound null: above all bounds. */
export function trimmed(data) {
  if (!data) return [];
  const bars = data.counts.map((count, i) => ({bound: data.up_to[i] ?? null, count}));
  const first = bars.findIndex((bar) => bar.count > 0);
  const last = bars.findLastIndex((bar) => bar.count > 0);
  return first < 0 ? [] : bars.slice(first, last + 1);
}

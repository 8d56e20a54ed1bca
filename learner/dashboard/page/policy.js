// What the newest networks recommend: heat maps, shares of topics, and the points of the embeddings.
import {make, percent, short, svg} from '/format.js';
import {ask} from '/store.js';

const least = 1000;  // ms between two questions.

export class Policy {
  constructor() {
    this.root = document.getElementById('policy');
    this.views = 0;         // Those that are shown,
    this.incarnation = '';  // of this process.
    this.fixed = null;      // Its expected rewards.
    this.asked = -Infinity;
    this.data = null;
    new ResizeObserver(() => this.draw()).observe(this.root);
  }

  /** Asks for the newest view where the status says that there is another one. */
  async follow(status) {
    const other = status.incarnation !== this.incarnation;
    if (this.asking || !status.policy_views || (!other && status.policy_views <= this.views)) return;
    if (!other && performance.now() - this.asked < least) return;
    this.asking = true;
    this.asked = performance.now();
    try {
      const data = await ask(`/api/v1/policy?fixed=${other ? 1 : 0}`);
      if (data.incarnation !== this.incarnation || data.map?.rewards) this.fixed = data.map?.rewards ?? null;
      this.incarnation = data.incarnation;
      this.views = data.views;
      this.data = data;
      this.draw();
    } catch {
      // The next status asks again.
    } finally {
      this.asking = false;
    }
  }

  draw() {
    const data = this.data;
    this.root.hidden = !data || !(data.map || data.topics || data.points);
    if (this.root.hidden) return;
    document.getElementById('policy-at').textContent =
      `The networks of update ${short(data.updates)}, without exploration.`;
    const cards = [];
    if (data.map) cards.push(...maps(data.map, this.fixed));
    if (data.topics) cards.push(topicsCard(data.topics));
    if (data.points) cards.push(pointsCard(data.points));
    const box = document.getElementById('policy-cards');
    // The card that a finger or the mouse is on stays, so that its values can be read.
    if (box.matches(':hover') && box.children.length === cards.length && performance.now() - this.asked > 100) return;
    const opened = box.querySelector('#topics-table')?.scrollTop ?? 0;
    box.replaceChildren(...cards.map((card) => card.root));
    for (const card of cards) card.draw?.();
    const table = box.querySelector('#topics-table');
    if (table) table.scrollTop = opened;
  }
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim().match(/[\da-f]{2}/gi).map((part) => parseInt(part, 16));
  return {low: read('--heat0'), high: read('--heat1'), mark: read('--line1')};
}

const mix = (a, b, part) => a.map((one, i) => one + (b[i] - one) * part);

/** A card with a canvas of R x C cells. `paint(cell)` gives a colour. */
function mapCard(title, map, words, paint, valueAt) {
  const canvas = make('canvas', {width: map.columns, height: map.rows, role: 'img', 'aria-label': `${title}. ${words}`});
  const said = make('p', {class: 'why'}, words);
  const root = make('figure', {class: 'card heat', 'data-map': title}, make('div', {class: 'head'}, make('h3', {}, title)), canvas, said);
  const index = (at, cells, count) => count === cells ? `${at}` : `${Math.ceil(at * count / cells)} to ${Math.ceil((at + 1) * count / cells) - 1}`;
  canvas.addEventListener('pointermove', (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.min(map.columns - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * map.columns)));
    const row = Math.min(map.rows - 1, Math.max(0, Math.floor((event.clientY - box.top) / box.height * map.rows)));
    said.textContent = `State ${index(row, map.rows, map.states)}, candidate ${index(column, map.columns, map.candidates)}: ` +
      valueAt(row * map.columns + column);
  });
  canvas.addEventListener('pointerleave', () => { said.textContent = words; });
  const draw = () => {
    const context = canvas.getContext('2d');
    const image = context.createImageData(map.columns, map.rows);
    for (let cell = 0; cell < map.rows * map.columns; ++cell) {
      const [r, g, b] = paint(cell);
      image.data.set([r, g, b, 255], 4 * cell);
    }
    context.putImageData(image, 0, 0);
  };
  return {root, draw};
}

function maps(map, rewards) {
  const palette = colours();
  const low = rewards ? Math.min(...rewards) : 0, high = rewards ? Math.max(...rewards) : 1;
  const level = (cell) => rewards ? (rewards[cell] - low) / Math.max(1e-9, high - low) : 0;
  const reward = (cell) => rewards ? `expected reward ${short(rewards[cell])}` : '';
  const cards = [];
  const shown = (title, cells, words) => {
    const shares = new Map(cells);
    const paint = (cell) => {
      const ground = mix(palette.low, palette.high, level(cell) * 0.45);
      const share = shares.get(cell) ?? 0;
      return share > 0 ? mix(ground, palette.mark, Math.min(1, 0.4 + 0.6 * share)) : ground;
    };
    return mapCard(title, map, words, paint, (cell) => `shown in ${percent(shares.get(cell) ?? 0)}${rewards ? `, ${reward(cell)}` : ''}`);
  };
  const same = map.references.map((one) => `it does as ${one.name} in ${percent(one.same_share)} of the states`);
  const best = map.best_reward_share === null ? [] : [`it takes the highest expected reward of the row in ${percent(map.best_reward_share)}`];
  const now = shown('Recommended now', map.recommended, `A row is a state, a column a candidate; ${[...same, ...best].join('; ')}.`);
  now.root.dataset.same = JSON.stringify(Object.fromEntries(map.references.map((one) => [one.name, one.same_share])));
  now.root.dataset.best = map.best_reward_share ?? '';
  cards.push(now);
  if (rewards) {
    cards.push(mapCard('Expected reward', map, `From ${short(low)} (light) to ${short(high)} (strong) for a candidate shown in a state.`,
      (cell) => mix(palette.low, palette.high, level(cell)), reward));
  }
  for (const one of map.references) cards.push(shown(one.name, one.cells, `What the reference policy ${one.name} recommends.`));
  return cards;
}

function topicsCard(topics) {
  const columns = [['shown', topics.shown, 'it shows'], ['clicked', topics.clicked, 'clicked'],
    ['offered', topics.offered, 'offered'], ['best', topics.best_shown, `${topics.best_known} shows`],
    ['best-clicked', topics.best_clicked, `clicked at ${topics.best_known}`]].filter(([, shares]) => shares !== null);
  const most = Math.max(...columns.flatMap(([, shares]) => shares), 1e-9);
  const cell = (name, share) => {
    const bar = make('span', {class: `bar-cell ${name}`, 'aria-hidden': 'true'});
    bar.style.width = `${(4.2 * share / most).toFixed(2)}rem`;
    return make('td', {class: 'number'}, bar, percent(share));
  };
  const head = make('tr', {}, make('th', {scope: 'col'}, 'Topic'), ...columns.map(([, , label]) => make('th', {scope: 'col'}, label)));
  const rows = topics.names.map((name, i) => make('tr', {}, make('th', {scope: 'row'}, name), ...columns.map(([key, shares]) => cell(key, shares[i]))));
  const distance = topics.best_shown && topics.shown
    ? ` ${percent(1 - topics.shown.reduce((sum, share, i) => sum + Math.abs(share - topics.best_shown[i]), 0) / 2)} of what it shows has the topics of ${topics.best_known}.` : '';
  const root = make('figure', {class: 'card wide', id: 'topics'}, make('div', {class: 'head'}, make('h3', {}, 'Topics')),
    make('p', {class: 'why'}, `Shares of topics over ${short(topics.steps)} steps.${distance}`),
    make('div', {class: 'scroll tall', id: 'topics-table', tabindex: '0', role: 'region', 'aria-label': 'Topics, shares'},
      make('table', {class: 'keep'}, make('thead', {}, head), make('tbody', {}, ...rows))));
  return {root};
}

function pointsCard(points) {
  const size = 300, margin = 12;
  const xs = [], ys = [];
  for (const list of [points.item_xy, points.actor_xy]) {
    for (let i = 0; i < list.length; i += 2) { xs.push(list[i]); ys.push(list[i + 1]); }
  }
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = (size - 2 * margin) / Math.max(x1 - x0, y1 - y0, 1e-9);
  const at = (x, y) => [size / 2 + (x - (x0 + x1) / 2) * scale, size / 2 - (y - (y0 + y1) / 2) * scale];
  const words = `${short(points.num_items)} items (dots) and where the actor points to (crosses), on the two axes along which items differ most: ` +
    `${percent(points.explained)} of their variance.`;
  const picture = svg('svg', {viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': `Embeddings. ${words}`});
  const many = points.items.length > 300;
  for (let i = 0; i < points.items.length; ++i) {
    const [cx, cy] = at(points.item_xy[2 * i], points.item_xy[2 * i + 1]);
    const dot = svg('circle', {class: 'item', cx, cy, r: many ? 2 : 4});
    dot.append(svg('title', {}, `item ${points.items[i]}`));
    picture.append(dot);
  }
  for (let i = 0; i + 1 < points.actor_xy.length; i += 2) {
    const [x, y] = at(points.actor_xy[i], points.actor_xy[i + 1]);
    picture.append(svg('path', {class: 'actor', d: `M${x - 4},${y - 4}l8,8m0,-8l-8,8`}));
  }
  return {root: make('figure', {class: 'card heat', id: 'points'}, make('div', {class: 'head'}, make('h3', {}, 'Embeddings')), picture, make('p', {class: 'why'}, words))};
}

// The numbers that the page has: the history of the run on the axis that is shown, and its newest status.

const none = {x: [], mean: [], min: [], max: []};
const pointsWanted = 600;
const mostPoints = 1500;
const ofEvaluations = {value: 'value', value_ci95: 'value_ci95', share_of_gap: 'share_of_gap', share_of_optimum: 'share_of_optimum'};

export class Store {
  constructor(view) {
    this.view = view;
    this.series = {};
    this.status = null;
  }

  /** The points of a series; of `value` the band is its interval. */
  get(name) { return this.series[name] ?? none; }
  names() { return Object.keys(this.series); }

  /** First and last x of all series. */
  extent() {
    let low = Infinity, high = -Infinity;
    for (const {x} of Object.values(this.series)) {
      if (x.length === 0) continue;
      low = Math.min(low, x[0]);
      high = Math.max(high, x.at(-1));
    }
    return low <= high ? [low, high] : [0, 1];
  }

  /** Reads the history, as fine as it is shown. Later calls win over earlier ones that are still under way. */
  async load() {
    const call = this.call = (this.call ?? 0) + 1;
    const range = this.view.range;
    const size = range ? range[1] - range[0] : 0;
    const part = range ? `&since=${range[0] - size}&until=${range[1] + size}` : '';
    const points = range ? 3 * pointsWanted : pointsWanted;
    const page = await ask(`/api/v1/series?x=${this.view.axis}&points=${points}${part}`);
    if (call !== this.call) return;
    const series = page.series;
    // JSON has no infinity, and one point of a curve may stand for many evaluations.
    const ci = series.value_ci95;
    if (series.value && ci) widen(series.value, ci);
    this.series = series;
    this.zoomed = range !== null;
  }

  /** Takes a status; true: the history has to be read again. */
  take(status) {
    const old = this.status;
    this.status = status;
    status.newest = status.new_evaluations.at(-1) ?? (old?.incarnation === status.incarnation ? old?.newest : null) ?? this.newestFromSeries();
    if (old && (old.incarnation !== status.incarnation || status.sequence > old.sequence + 1)) return true;
    if (old && old.sequence === status.sequence) return false;
    // While a part is shown, what comes after it is read when it is wanted.
    if (this.zoomed) return false;
    const axis = this.view.axis === 'seconds' ? 'wall_seconds' : this.view.axis;
    for (const [name, value] of Object.entries(status.values)) this.append(name, status[axis], value, 0);
    for (const one of status.new_evaluations) {
      for (const name of Object.keys(ofEvaluations)) this.append(name, one[axis], one[name], name === 'value' ? one.value_ci95 : 0);
    }
    return Object.values(this.series).some(({x}) => x.length > mostPoints);
  }

  append(name, x, value, half) {
    if (value === null || value === undefined) return;
    const points = this.series[name] ??= {x: [], mean: [], min: [], max: []};
    if (points.x.length > 0 && x < points.x.at(-1)) return;
    points.x.push(x);
    points.mean.push(value);
    points.min.push(value - half);
    points.max.push(value + half);
  }

  newestFromSeries() {
    const last = (name) => this.get(name).mean.at(-1) ?? null;
    if (last('value') === null) return null;
    const at = this.get('value').x.at(-1);
    return {value: last('value'), value_ci95: last('value_ci95') ?? 0, share_of_gap: last('share_of_gap'),
      share_of_optimum: last('share_of_optimum'), env_steps: at, updates: at, wall_seconds: at};
  }
}

/** Makes the band of `value` its interval. Both series have the same x: they come from the same rows. */
function widen(value, ci) {
  for (let i = 0; i < value.x.length && i < ci.mean.length; ++i) {
    value.min[i] = Math.min(value.min[i], value.mean[i] - ci.mean[i]);
    value.max[i] = Math.max(value.max[i], value.mean[i] + ci.mean[i]);
  }
}

export class NeedsToken extends Error {}

/** JSON from this server; throws where there is none within 5 s. */
export async function ask(path) {
  const answer = await fetch(path, {signal: AbortSignal.timeout(5000), headers: {Accept: 'application/json'}});
  if (answer.status === 401 || answer.status === 429) throw new NeedsToken();
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

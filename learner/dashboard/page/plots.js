// Which plots the page has.
import {Histogram} from '/histogram.js';
import {Plot} from '/plot.js';
import {percent, short, time} from '/format.js';

const rate = (number) => `${short(number)}/s`;

/** Makes the plots that every run has; those of losses follow when their names are known (addLosses). */
export function makePlots(view, store) {
  const status = () => store.status ?? {};
  const target = () => (status().samples_per_insert_target > 0
    ? [{label: 'target', value: status().samples_per_insert_target}] : []);
  const capacity = () => {
    const rows = store.get('replay_rows').mean;
    return rows.length > 0 && rows.at(-1) > status().capacity_rows * 0.3 ? [{label: 'capacity', value: status().capacity_rows}] : [];
  };
  const curve = new Plot(view, store, {
    title: 'Value of the greedy policy', height: 320, lines: [{name: 'value', label: 'value, with its 95 % interval'}],
    about: 'Return per episode, with the values of the reference policies as dashed lines.',
    references: () => (status().references ?? []).map((one) => ({label: `${one.name} ${short(one.value)}`, value: one.value})),
  });
  document.getElementById('learning').append(curve.root);
  const rest = [
    {title: 'Share of the gap closed', form: percent, lines: [{name: 'share_of_gap', label: 'from random to best known'}],
      references: () => [{label: 'best known', value: 1}], zero: true},
    {title: 'Updates', lines: [{name: 'updates_per_second', label: 'updates'}], form: rate, zero: true},
    {title: 'Environment steps', lines: [{name: 'env_steps_per_second', label: 'steps', colour: 2}], form: rate, zero: true},
    {title: 'Lag of experience, updates', zero: true,
      lines: [{name: 'lag_updates_p50', label: 'median'}, {name: 'lag_updates_p99', label: '99 %'}],
      about: 'How many updates old the weights were with which the learnt rows were collected.'},
    {title: 'Lag of experience, time', zero: true, form: time,
      lines: [{name: 'lag_seconds_p50', label: 'median'}, {name: 'lag_seconds_p99', label: '99 %'}]},
    {title: 'Samples per insert', lines: [{name: 'samples_per_insert', label: 'samples'}], references: target, zero: true},
    {title: 'Rows in replay', lines: [{name: 'replay_rows', label: 'rows'}], references: capacity, zero: true},
    {title: 'Waiting for batches', lines: [{name: 'waited_ratio', label: 'share of time', colour: 1}], form: percent, zero: true},
    {title: 'Actors', lines: [{name: 'actors', label: 'connected', colour: 2}], zero: true},
  ].map((options) => new Plot(view, store, options));
  document.getElementById('plots').append(...rest.map((plot) => plot.root));
  return [curve, ...rest];
}

/** The histograms of lags, by their names in the status. */
export function makeHistograms() {
  const made = {
    lag_updates: new Histogram({title: 'Lag now, updates', form: short, about: 'How old the newest learnt rows were.'}),
    lag_seconds: new Histogram({title: 'Lag now, time', form: time, about: 'How old the newest learnt rows were.'}),
  };
  document.getElementById('plots').append(...Object.values(made).map((one) => one.root));
  return made;
}

const groups = [
  {title: 'Norms of gradients', ends: '_gradient_norm', zero: true},
  {title: 'Learning rates', ends: '_learning_rate', zero: true},
];

/** Plots for the losses, norms and learning rates among `names` that no plot shows yet. */
export function addLosses(plots, view, store, names) {
  const shown = new Set(plots.flatMap((plot) => plot.lines.map((line) => line.name)));
  const fresh = names.filter((name) => name.startsWith('loss.') && !shown.has(name));
  const add = (title, list, ends, zero) => {
    if (list.length === 0) return;
    const lines = list.map((name) => ({name, label: name.slice('loss.'.length, name.length - ends.length).replaceAll('_', ' ')}));
    const old = plots.find((plot) => plot.title === title);
    if (old) {
      old.lines.push(...lines);
      return;
    }
    const plot = new Plot(view, store, {title, lines, zero});
    plots.push(plot);
    document.getElementById('plots').append(plot.root);
  };
  const grouped = new Set();
  for (const {title, ends, zero} of groups) {
    const list = fresh.filter((name) => name.endsWith(ends));
    list.forEach((name) => grouped.add(name));
    add(title, list, ends, zero);
  }
  // Losses differ by orders of magnitude: each has a plot.
  for (const name of fresh.filter((one) => !grouped.has(one))) {
    add(`Loss: ${name.slice('loss.'.length).replace(/_loss$/, '').replaceAll('_', ' ')}`, [name], '', false);
  }
}

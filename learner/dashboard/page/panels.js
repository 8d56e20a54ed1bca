// The run in words: whether it learns, how good it is, what limits it, what is broken.
import {onAxis, percent, short, time} from '/format.js';
import {countStates} from '/roles.js';

/** Shows everything that is said in words. */
export function showWords(store, roles) {
  const status = store.status;
  if (!status) return;
  document.getElementById('experiment').textContent = `${status.experiment} · ${status.algorithm}`;
  document.getElementById('version').textContent = `recbots ${status.version}`;
  document.title = `${titleMark(status)}${status.experiment} – recbots`;
  document.getElementById('clocks').textContent =
    `${time(Math.floor(status.wall_seconds))} · ${short(status.updates)} updates (${short(status.values.updates_per_second)}/s, ` +
    `${status.device}) · ${short(status.env_steps)} steps (${short(status.values.env_steps_per_second)}/s)`;
  show('learns', whetherItLearns(status, store.get('value'), store.get('value_ci95')));
  show('good', howGood(status, store));
  show('limit', whatLimits(status));
  show('broken', whatIsBroken(status, roles));
}

function titleMark(status) {
  return status.newest && status.newest.share_of_gap !== null ? `${percent(status.newest.share_of_gap)} ` : '';
}

function show(id, {answer, why, look}) {
  const card = document.getElementById(id);
  const text = card.querySelector('.answer');
  text.textContent = answer;
  text.className = `answer ${look ?? ''}`;
  card.querySelector('.why').textContent = why;
}

/** Compares the newest evaluations with those of the first half of the curve, against their own scatter. */
export function whetherItLearns(status, value, ci) {
  const n = value.mean.length;
  if (status.goal.reached) return {answer: 'Yes, it has reached its goal', why: `The run ends, or goes on because of --keep: ${status.goal.reached}.`, look: 'is-good'};
  if (n === 0) {
    return {answer: 'Not known yet', why: status.evaluators > 0 ? 'The first evaluation is on its way.'
      : 'No evaluator is connected, so no value is known.', look: status.evaluators > 0 ? '' : 'is-warn'};
  }
  if (n < 4) return {answer: 'Too early to say', why: `${n} evaluation${n === 1 ? '' : 's'} so far: ${short(value.mean[n - 1])}.`};
  const recent = Math.max(2, Math.min(8, Math.floor(n / 4)));
  const mean = (list) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const [now, before] = [mean(value.mean.slice(-recent)), mean(value.mean.slice(-3 * recent, -recent))];
  const last = value.mean.slice(-recent);
  const scatter = Math.sqrt(mean(last.map((one) => (one - now) ** 2)) / recent);
  const margin = Math.max(2 * scatter, (ci.mean.at(-1) ?? 0) / Math.sqrt(recent), Math.abs(now) * 1e-4);
  const best = Math.max(...value.mean);
  const share = status.newest?.share_of_gap ?? null;
  if (share !== null && share >= 0.98) return {answer: 'Yes, and it is nearly done', why: `It plays as well as the best known policy (${percent(share)} of the gap).`, look: 'is-good'};
  if (now > before + margin) return {answer: 'Yes, the value rises', why: `From ${short(before)} to ${short(now)} over the last ${3 * recent} evaluations.`, look: 'is-good'};
  if (now < best - 5 * margin && now < before) {
    return {answer: 'It has got worse', why: `It was at ${short(best)}, and is at ${short(now)} now. A smaller learning rate, or more exploration, may help.`, look: 'is-bad'};
  }
  if (share !== null && share < 0.1) return {answer: 'Not yet', why: `${short(now)} is no better than random play so far.`, look: 'is-warn'};
  return {answer: 'It has levelled off', why: `About ${short(now)} for the last ${3 * recent} evaluations.`, look: 'is-warn'};
}

function howGood(status, store) {
  const newest = status.newest;
  if (!newest) return {answer: 'Not known yet', why: 'Evaluations show it.'};
  const interval = newest.value_ci95 > 0 ? ` ± ${short(newest.value_ci95)}` : '';
  const parts = [];
  if (newest.share_of_gap !== null) parts.push(`${percent(newest.share_of_gap)} of the way from random to the best known policy`);
  if (newest.share_of_optimum !== null) parts.push(`${percent(newest.share_of_optimum)} of the optimum`);
  const above = status.references.filter((one) => newest.value - one.value > newest.value_ci95 + 1e-6 * Math.abs(one.value)).map((one) => one.name);
  parts.push(above.length > 0 ? `clearly above ${above.join(', ')}` : 'not clearly above any reference');
  const at = store.view.axis === 'seconds' ? newest.wall_seconds : newest[store.view.axis];
  return {answer: `${short(newest.value)}${interval}`, why: `${parts.join('; ')} (at ${onAxis(store.view.axis, at)}` +
    `${store.view.axis === 'seconds' ? '' : store.view.axis === 'updates' ? ' updates' : ' steps'}).`,
    look: newest.share_of_gap === null ? '' : newest.share_of_gap > 0.5 ? 'is-good' : newest.share_of_gap < 0.05 ? 'is-warn' : ''};
}

function whatLimits(status) {
  if (!status.bound_by) return {answer: 'Not known yet', why: 'The first status period has not ended.'};
  const by = status.bound_by;
  return {answer: /^replay/.test(by) ? by.replace('r', 'R') : /^a /.test(by) ? by.replace('a', 'A') : `The ${by.replace(/^the /, '')}`, why: status.what_to_do, look: /\(/.test(by) ? 'is-warn' : ''};
}

export function whatIsBroken(status, roles) {
  const faults = [], hints = [];
  const counts = countStates(roles);
  if (status.stalled) faults.push(`Stalled: ${status.stalled}.`);
  const lost = roles.filter((role) => role.state === 'lost');
  if (lost.length > 0) faults.push(`Lost: ${lost.map((role) => `${role.role} ${role.name}`).slice(0, 3).join(', ')}${lost.length > 3 ? ` and ${lost.length - 3} more` : ''}.`);
  const odd = Object.keys(status.values).filter((name) => status.values[name] === null);
  if (odd.length > 0) faults.push(`Not finite: ${odd.join(', ')}.`);
  if (counts.lagging) hints.push(`${counts.lagging} role${counts.lagging === 1 ? ' is' : 's are'} silent for some seconds.`);
  if (status.actors === 0 && !status.goal.reached) hints.push('No actor is connected.');
  if (status.evaluators === 0) hints.push('No evaluator is connected.');
  if (faults.length > 0) return {answer: 'Yes', why: [...faults, ...hints].join(' '), look: 'is-bad'};
  if (hints.length > 0) return {answer: 'Look at this', why: hints.join(' '), look: 'is-warn'};
  return {answer: 'No', why: `${counts.joined ?? 0} roles are well; nothing is stalled, lost or not finite.`, look: 'is-good'};
}

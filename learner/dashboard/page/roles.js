// The table of the roles of the run.
import {make, short, time} from '/format.js';

const looks = {joined: 'is-good', lagging: 'is-warn', lost: 'is-bad', left: ''};
const marks = {joined: '●', lagging: '◐', lost: '✕', left: '○'};

/** How many roles are in each state: {joined: 4, lost: 1, ...}. */
export function countStates(roles) {
  const counts = {};
  for (const role of roles) counts[role.state] = (counts[role.state] ?? 0) + 1;
  return counts;
}

export function showRoles(roles) {
  document.getElementById('roles').replaceChildren(...roles.map(row));
  const counts = countStates(roles);
  const text = Object.keys(looks).filter((state) => counts[state]).map((state) => `${counts[state]} ${state}`).join(', ');
  const summary = document.getElementById('roles-summary');
  if (summary.textContent !== text) summary.textContent = text;
}

function row(role) {
  const reports = role.state === 'joined' || role.state === 'lagging';
  const title = role.role + (role.worker_index === null ? '' : ` ${role.worker_index}`);
  const safe = role.pages && /^https?:\/\/[^/]+$/.test(role.pages);
  const name = safe && reports
    ? make('a', {href: `${role.pages}/statusz`, target: '_blank', rel: 'noreferrer noopener'}, title) : title;
  const state = make('span', {class: `badge ${looks[role.state] ?? ''}`}, `${marks[role.state] ?? ''} ${role.state}`);
  const doing = !reports ? '' : role.stalled ? `stalled: ${role.stalled}` : role.doing;
  const progress = role.progress_unit && reports
    ? `${short(role.progress)} ${role.progress_unit} (${short(role.progress_per_second)}/s)` : '';
  const weights = role.weights && reports && role.weights.lag_updates !== null
    ? `${short(role.weights.lag_updates)} updates, ${time(role.weights.lag_seconds)}` : '';
  const line = make('tr', {'data-role': role.role, 'data-state': role.state},
    make('th', {scope: 'row'}, name, ' ', make('span', {class: 'why'}, role.name)),
    make('td', {}, state, ` ${time(Math.floor(role.for_seconds))}`),
    make('td', {class: role.stalled ? 'is-bad' : ''}, doing),
    make('td', {class: 'number'}, progress), make('td', {class: 'number'}, weights));
  return line;
}

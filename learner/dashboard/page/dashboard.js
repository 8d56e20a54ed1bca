// The page of the learner: follows a run by its events, and says so when it cannot.
import {Controls} from '/controls.js';
import {make} from '/format.js';
import {showWords} from '/panels.js';
import {View} from '/plot.js';
import {addLosses, makeHistograms, makePlots} from '/plots.js';
import {Policy} from '/policy.js';
import {showRoles} from '/roles.js';
import {NeedsToken, Store, ask} from '/store.js';
import {showTables} from '/tables.js';

const lookEvery = 1000;   // ms between two looks at the roles, which also show whether the learner answers.
const staleAfter = 3500;  // ms without any answer.

const byId = (id) => document.getElementById(id);
const view = new View(onView);
const store = new Store(view);
const plots = makePlots(view, store);
const histograms = makeHistograms();
const policy = new Policy();
const controls = new Controls(byId('controls'));
let roles = [];
let paused = false;
let events = null;
let heard = 0;             // When the learner answered last, on the page's own clock,
let heardAt = null;        // and the date then.
let newsAt = 0;            // When the newest status came.
let planned = false;
let restarted = false;
let wantsToken = false;

function plan() {
  if (planned || paused) return;
  planned = true;
  requestAnimationFrame(() => {
    planned = false;
    if (paused) return;
    addLosses(plots, view, store, store.names());
    for (const plot of plots) plot.draw();
    showWords(store, roles);
    showDetails(store.status);
    showRoles(roles);
  });
}

/** What only the newest status has. */
function showDetails(status) {
  if (!status) return;
  for (const [name, histogram] of Object.entries(histograms)) histogram.show(status[name]);
  showTables(status.tables);
  controls.show(status);
  policy.follow(status);
}

function onView(what) {
  if (what === 'cursor') {
    for (const plot of plots) plot.draw();
    return;
  }
  byId('zoom-out').disabled = view.range === null;
  for (const plot of plots) plot.draw();
  clearTimeout(onView.timer);
  byId('learning').setAttribute('aria-busy', 'true');
  onView.timer = setTimeout(() => reload(true), 150);  // Dragging asks once it rests.
}

let loads = 0;  // Of series that have not ended: the curve is busy meanwhile.

/** `byHand`: somebody has asked for another part or axis, which is shown although the page is paused. */
async function reload(byHand = false) {
  byId('learning').setAttribute('aria-busy', 'true');
  ++loads;
  try {
    await store.load();
    hear();
    if (byHand && paused) for (const plot of plots) plot.draw();
    plan();
  } catch (error) {
    trouble(error);
  } finally {
    if (--loads === 0) byId('learning').setAttribute('aria-busy', 'false');
  }
}

function hear() {
  heard = performance.now();
  heardAt = new Date();
  wantsToken = false;
  showState();
}

function trouble(error) {
  wantsToken = error instanceof NeedsToken;
  showState();
}

async function take(status) {
  const other = store.status && store.status.incarnation !== status.incarnation;
  if (other) {
    restarted = true;
    view.range = null;
    byId('zoom-out').disabled = true;
  }
  newsAt = performance.now();
  hear();
  if (store.take(status)) await reload();
  plan();
}

function follow() {
  if (events) events.close();
  events = new EventSource('/api/v1/events');
  events.addEventListener('open', start);
  events.addEventListener('status', (event) => take(JSON.parse(event.data)));
  events.addEventListener('error', () => {
    // A browser tries again by itself, but not after an answer such as 401 or 503.
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, 3000);
  });
}

async function start() {
  try {
    await store.load();
    await take(await ask('/api/v1/status'));
  } catch (error) {
    trouble(error);
  }
}

/** Once a second: the roles, and the status where no events bring it. */
async function look() {
  if (!document.hidden) {
    try {
      roles = (await ask('/api/v1/roles')).roles;
      hear();
      const period = (store.status?.status_seconds ?? 1) * 1000;
      if (performance.now() - newsAt > 2 * period + 1000) await take(await ask('/api/v1/status'));
      plan();
    } catch (error) {
      trouble(error);
    }
  }
  setTimeout(look, lookEvery);
}

function showState() {
  const silent = performance.now() - heard;
  const stale = heardAt !== null && silent > staleAfter && !document.hidden;
  const over = store.status?.goal.reached;
  document.body.classList.toggle('stale', stale || wantsToken);
  const [text, look] = wantsToken ? ['no access', 'stale'] : heardAt === null ? ['connecting', ''] : stale ? ['stale', 'stale']
    : paused ? ['paused', 'paused'] : ['live', 'live'];
  const state = byId('state');
  if (state.textContent !== text) state.textContent = text;
  state.className = `pill ${look}`;
  const banner = byId('banner');
  const said = wantsToken ? 'token' : stale ? (over ? 'over' : 'stale') : restarted ? 'restarted' : '';
  if (banner.dataset.said === said) return;
  banner.dataset.said = said;
  banner.hidden = said === '';
  const when = heardAt ? heardAt.toLocaleTimeString() : '';
  banner.replaceChildren(...{
    '': [],
    token: ['The learner wants its token. ', make('a', {href: '/'}, 'Show it again')],
    over: [`The run has reached its goal (${over}), and the learner does not answer any more. What you see is how it was at ${when}.`],
    stale: [`The learner does not answer. What you see is how it was at ${when}; the page tries again every second.`],
    restarted: ['The learner was started again, and goes on from its newest checkpoint.'],
  }[said]);
  if (said === 'restarted') setTimeout(() => { restarted = false; showState(); }, 8000);
}

byId('axis').addEventListener('change', (event) => {
  view.axis = event.target.value;
  view.cursor = null;
  view.range = null;
  byId('zoom-out').disabled = true;
  store.series = {};
  reload(true);
});
byId('zoom-out').addEventListener('click', () => view.setRange(null));
byId('pause').addEventListener('click', () => {
  paused = !paused;
  byId('pause').setAttribute('aria-pressed', String(paused));
  byId('pause').textContent = paused ? 'Go on' : 'Pause';
  showState();
  plan();
});

const dark = matchMedia('(prefers-color-scheme: dark)');
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  policy.draw();
  byId('theme').textContent = theme === 'dark' ? 'Light' : 'Dark';
}
function remembered() {
  try { return localStorage.getItem('recbots-theme'); } catch { return null; }
}
setTheme(remembered() ?? (dark.matches ? 'dark' : 'light'));
dark.addEventListener('change', () => { if (!remembered()) setTheme(dark.matches ? 'dark' : 'light'); });
byId('theme').addEventListener('click', () => {
  const theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  try { localStorage.setItem('recbots-theme', theme); } catch { /* Only this view has it then. */ }
  setTheme(theme);
});
document.addEventListener('visibilitychange', () => {
  // A page that nobody sees holds no connection.
  if (document.hidden) events?.close();
  else follow();
});

follow();
look();
setInterval(showState, 500);

// The tables of replay: how full each is on each shard, and what it waits for.
import {make, percent, short} from '/format.js';

const reasons = {
  min_size: (table) => `${short(Math.max(0, table.min_size - table.inserted))} more rows, to begin with (min_size)`,
  spi_insert: () => 'samples: actors are ahead of the learner',
  spi_sample: () => 'rows: the learner is ahead of the actors',
  draining: () => 'nothing: it is ending',
  capacity: () => 'room',
  items: () => 'rows that may be drawn',
  checkpoint: () => 'a checkpoint to be written',
};

function waits(reason, table) { return reason === null ? 'nothing' : (reasons[reason] ?? (() => reason))(table); }

/** What the head of the table says where there is room for one. */
function label(text) { return make('span', {class: 'narrow why'}, text); }

export function showTables(tables) {
  document.getElementById('tables-card').hidden = tables.length === 0;
  document.getElementById('tables').replaceChildren(...tables.map(row));
}

function row(table) {
  const byRows = table.rows / Math.max(1, table.capacity_rows);
  const byBytes = table.capacity_bytes > 0 ? table.bytes / table.capacity_bytes : 0;
  const share = Math.min(1, Math.max(byRows, byBytes));
  const meter = make('span', {class: 'meter', role: 'img', 'aria-label': `${percent(share)} full`}, make('span', {}));
  meter.firstChild.style.width = `${100 * share}%`;
  const target = table.samples_per_insert_target > 0 ? ` of ${short(table.samples_per_insert_target)}` : '';
  const ratio = table.samples_per_insert === null ? '–' : short(table.samples_per_insert);
  return make('tr', {'data-table': table.table},
    make('th', {scope: 'row'}, table.table, ' ', make('span', {class: 'why'}, table.shard)),
    make('td', {}, meter, ` ${short(table.rows)} of ${short(table.capacity_rows)} rows`),
    make('td', {class: 'number'}, label('Samples per insert '), `${ratio}${target}`),
    make('td', {}, label('Inserts wait for '), waits(table.inserts_wait_for, table)),
    make('td', {}, label('Samples wait for '), waits(table.samples_wait_for, table)));
}

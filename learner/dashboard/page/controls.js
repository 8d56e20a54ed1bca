// What somebody may ask of the run: buttons that send a POST to /api/v1/control.
import {make} from '/format.js';

const endpoint = '/api/v1/control';

/** Sends an action; returns what the learner says, {text, ok}. */
async function send(action) {
  try {
    const answer = await fetch(endpoint, {method: 'POST', signal: AbortSignal.timeout(5000),
      headers: {'Content-Type': 'application/json', Accept: 'application/json'}, body: JSON.stringify({action})});
    const type = answer.headers.get('Content-Type') ?? '';
    const said = type.startsWith('application/json') ? await answer.json() : {error: `The learner refuses (${answer.status}).`};
    return {ok: answer.ok, text: said.done ?? `Not done: ${said.error}.`};
  } catch {
    return {ok: false, text: 'Not done: the learner does not answer.'};
  }
}

export class Controls {
  /** Builds the buttons in `root`. */
  constructor(root) {
    this.said = make('p', {class: 'why', role: 'status', id: 'control-said'});
    this.pause = this.button('pause-run', 'Pause the run', () => this.act(this.paused ? 'continue' : 'pause'));
    this.end = this.button('end-run', 'End the run …', () => this.ask());
    this.sure = make('p', {id: 'end-sure', hidden: true}, 'End the run for good? Weights, report and a last checkpoint are written. ',
      this.button('end-yes', 'Yes, end it', () => { this.hide(); this.act('end'); }), ' ',
      this.button('end-no', 'No', () => this.hide()));
    root.append(make('div', {class: 'buttons'},
      this.button('evaluate-now', 'Evaluate now', () => this.act('evaluate')),
      this.button('checkpoint-now', 'Checkpoint now', () => this.act('checkpoint')), this.pause, this.end), this.sure, this.said);
    this.sure.addEventListener('keydown', (event) => { if (event.key === 'Escape') this.hide(); });
  }

  button(id, text, act) {
    const button = make('button', {type: 'button', id}, text);
    button.addEventListener('click', act);
    return button;
  }

  ask() {
    this.sure.hidden = false;
    document.getElementById('end-no').focus();
  }
  hide() {
    if (this.sure.hidden) return;
    this.sure.hidden = true;
    this.end.focus();
  }

  async act(action) {
    const {ok, text} = await send(action);
    this.said.textContent = text;
    this.said.className = ok ? 'why' : 'why is-bad';
  }

  /** Shows whether the run is paused. */
  show(status) {
    this.paused = status.paused;
    const text = status.paused ? 'Continue the run' : 'Pause the run';
    if (this.pause.textContent !== text) this.pause.textContent = text;
  }
}

// Numbers, times and elements as the page shows them.

/** 1234567 -> "1.23M"; three digits or more of what matters. */
export function short(number) {
  if (number === null || number === undefined || !Number.isFinite(number)) return '–';
  const size = Math.abs(number);
  for (const [unit, letter] of [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']]) {
    if (size >= unit * 0.9995) return trim(number / unit) + letter;
  }
  if (size !== 0 && size < 1e-3) return Number(number.toPrecision(3)).toExponential();
  return trim(number);
}

function trim(number) {
  const size = Math.abs(number);
  const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 4;
  return String(Number(number.toFixed(digits)));
}

/** Seconds as "42 s", "3:05 min", "2:03:04 h". */
export function time(seconds) {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${trim(seconds)} s`;
  const two = (number) => String(Math.floor(number)).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)} min`;
  return `${Math.floor(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)} h`;
}

/** A value on the axis x ("env_steps", "updates", "seconds"). */
export function onAxis(axis, x) { return axis === 'seconds' ? time(x) : short(x); }

/** 0.873 -> "87.3 %". */
export function percent(ratio) { return `${(100 * ratio).toFixed(Math.abs(ratio) < 0.9995 ? 1 : 0)} %`; }

/** An element with attributes and children; text is never parsed as HTML. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const svgSpace = 'http://www.w3.org/2000/svg';
export function svg(tag, attributes = {}, text = null) {
  const element = document.createElementNS(svgSpace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== null) element.textContent = text;
  return element;
}

/** Round numbers in [low, high], about `count` of them. */
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const list = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-6; ++i) list.push(Number((i * step).toPrecision(12)));
  return list;
}

// How this version behaves, and what the sandbox injects on top. Both are honest parts of the service: a version that
// fails 8 % of its requests fails 8 of every 100, on every machine, because the choice is a fixed sequence and no dice.
import { readFile } from 'node:fs/promises';

const POLL_MS = 200;
/** Irrational steps: the fractions of their multiples spread evenly and never fall into step with a caller's pattern. */
const ERROR_STEP = 0.6180339887498949;
const SLOW_STEP = 0.41421356237309515;
const LATENCY_STEP = 0.7320508075688772;

/** Reads the version file (default: version.json beside this module). */
export async function readVersion(path) {
  const file = path ?? new URL('./version.json', import.meta.url);
  const { version, features = [], behaviour = {} } = JSON.parse(await readFile(file, 'utf8'));
  if (!version) throw new Error(`${file} names no version`);
  return { version, features, behaviour };
}

/**
 * @param {{ behaviour: {
 *   latencyMs?: [number, number],                       lowest and highest usual latency
 *   errorRatio?: number,                                share of requests answered 500, 0 to 1
 *   slow?: { ratio: number, latencyMs: number },        share of requests that take this much longer
 *   crashAfterMs?: number, neverReady?: boolean, noMetrics?: boolean } }} version
 */
export function createBehaviour({ behaviour }, faultFile) {
  let injected = {};
  let count = 0;
  let crash = () => {};

  async function poll() {
    injected = await readFaults(faultFile, injected);
    if (injected.crash) crash('crash injected by the sandbox');
  }
  if (faultFile) {
    void poll();
    setInterval(poll, POLL_MS).unref();
  }

  return {
    /** What happens to the next request. */
    next() {
      count += 1;
      const [low, high] = behaviour.latencyMs ?? [1, 3];
      const usualMs = low + (high - low) * fraction(count * LATENCY_STEP);
      const slowMs = fraction(count * SLOW_STEP) < (behaviour.slow?.ratio ?? 0) ? behaviour.slow.latencyMs : 0;
      const errorRatio = Math.max(behaviour.errorRatio ?? 0, injected.errorRatio ?? 0);
      return {
        latencyMs: usualMs + slowMs + (injected.latencyMs ?? 0),
        fails: fraction(count * ERROR_STEP) < errorRatio,
      };
    },
    whyNotReady(ageMs) {
      if (behaviour.neverReady) return 'waiting for the order index, which this version cannot open';
      return ageMs < (behaviour.readyAfterMs ?? 0) ? 'starting' : undefined;
    },
    hidesMetrics: () => Boolean(behaviour.noMetrics || injected.noMetrics),
    onCrash(callback) {
      crash = callback;
      if (injected.crash) crash('crash injected by the sandbox');
      if (behaviour.crashAfterMs !== undefined) {
        setTimeout(() => crash('cannot open the order index: unexpected end of file'), behaviour.crashAfterMs);
      }
    },
  };
}

/** The injected faults; none when the file is absent, the last known ones while it is being written. */
async function readFaults(file, last) {
  try {
    const faults = JSON.parse(await readFile(file, 'utf8'));
    return typeof faults === 'object' && faults !== null ? faults : {};
  } catch (error) {
    return error.code === 'ENOENT' ? {} : last;
  }
}

function fraction(value) {
  return value - Math.floor(value);
}

import { Agent, request as httpRequest } from 'node:http';
import { CRM_MIX, createMix, type MixEntry } from './request-mix.ts';

/** The highest rate that can be asked for, in requests per second: more than one process can send honestly. */
export const MAX_RPS = 5000;
const TICK_MS = 5;
/** A request sent this much after it was due counts as late, in milliseconds. */
const LATE_MS = 100;
/** Requests that wait longer than this for a free place are given up, in milliseconds. */
const GIVE_UP_MS = 1000;
const CLOSE_LIMIT_MS = 2000;

export interface LoadOptions {
  /** Base URL of the router. */
  readonly target: string;
  /** Requests per second, 0 to 5000; fractions are allowed. */
  readonly rps: number;
  /** Host header; the route is chosen by it. */
  readonly host?: string;
  readonly mix?: readonly MixEntry[];
  /** Requests under way at the same time, at most. */
  readonly concurrency?: number;
  readonly timeoutMs?: number;
  readonly seed?: number;
}

/** Counts since the start. `due = sent + missed + waiting`, `sent = sum(byCode) + failed + inFlight`. */
export interface LoadStatistics {
  readonly rps: number;
  /** Requests that should have begun by now. */
  readonly due: number;
  readonly sent: number;
  readonly byCode: Readonly<Record<string, number>>;
  /** No answer: refused, reset or timed out. */
  readonly failed: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** Sent more than 100 ms after they were due: the generator, not the service, was slow. */
  readonly late: number;
  /** Never sent, because all places were taken for a second. */
  readonly missed: number;
}

export interface Load {
  /** Changes the rate from now on. Throws when it is not 0 to 5000. */
  setRate(rps: number): void;
  statistics(): LoadStatistics;
  /** Stops sending, waits up to 2 s for what is under way, and cuts the rest. */
  close(): Promise<void>;
}

/**
 * Open-loop load: requests begin when they are due, whether or not earlier ones were answered, as those of real
 * customers do. A closed loop would send less exactly when the service is slow, and hide it.
 */
export function startLoad(options: LoadOptions): Load {
  const { target, host, mix = CRM_MIX, concurrency = 512, timeoutMs = 10_000, seed } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const pick = createMix(mix, seed);
  const url = new URL(target);
  const byCode = new Map<number, number>();
  const waiting: number[] = [];
  const idle: (() => void)[] = [];
  let rps = checkedRate(options.rps);
  let due = 0;
  let sent = 0;
  let failed = 0;
  let late = 0;
  let missed = 0;
  let inFlight = 0;
  let owed = 0;
  let tickedAtMs = performance.now();

  function tick(): void {
    const nowMs = performance.now();
    owed += ((nowMs - tickedAtMs) * rps) / 1000;
    const spanMs = nowMs - tickedAtMs;
    const startMs = tickedAtMs;
    tickedAtMs = nowMs;
    const count = Math.floor(owed);
    owed -= count;
    due += count;
    // Spread over the span since the last tick: a tick that came late must show as lateness.
    for (let index = 0; index < count; index += 1) waiting.push(startMs + (spanMs * (index + 1)) / count);
    dispatch(nowMs);
  }

  function dispatch(nowMs: number): void {
    while (waiting[0] !== undefined && nowMs - waiting[0] > GIVE_UP_MS) {
      waiting.shift();
      missed += 1;
    }
    while (inFlight < concurrency) {
      const dueMs = waiting.shift();
      if (dueMs === undefined) return;
      if (nowMs - dueMs > LATE_MS) late += 1;
      send(pick());
    }
  }

  function send({ method, path, body }: MixEntry): void {
    inFlight += 1;
    sent += 1;
    const headers: Record<string, string | number> = { host: host ?? url.host, 'user-agent': 'mainstay-sandbox-load' };
    if (body !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(body);
    }
    let isDone = false;
    const done = (code: number | undefined): void => {
      if (isDone) return;
      isDone = true;
      inFlight -= 1;
      if (code === undefined) failed += 1;
      else byCode.set(code, (byCode.get(code) ?? 0) + 1);
      if (inFlight === 0) for (const resolve of idle.splice(0)) resolve();
    };
    const request = httpRequest(
      { host: url.hostname, port: url.port, method, path, headers, agent, timeout: timeoutMs },
      (response) => {
        response.on('end', () => done(response.statusCode));
        response.on('error', () => done(undefined));
        response.resume();
      },
    );
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', () => done(undefined));
    request.end(body);
  }

  const timer = setInterval(tick, TICK_MS);
  return {
    setRate(next) {
      const checked = checkedRate(next);
      tick();
      rps = checked;
    },
    statistics: () => ({
      rps,
      due,
      sent,
      byCode: Object.fromEntries([...byCode].map(([code, count]) => [String(code), count])),
      failed,
      inFlight,
      waiting: waiting.length,
      late,
      missed,
    }),
    async close() {
      clearInterval(timer);
      waiting.length = 0;
      if (inFlight > 0) {
        await new Promise<void>((resolve) => {
          const limit = setTimeout(resolve, CLOSE_LIMIT_MS);
          idle.push(() => {
            clearTimeout(limit);
            resolve();
          });
        });
      }
      agent.destroy();
    },
  };
}

function checkedRate(rps: number): number {
  if (Number.isFinite(rps) && rps >= 0 && rps <= MAX_RPS) return rps;
  throw new RangeError(`load: ${rps} requests per second, expected 0 to ${MAX_RPS}`);
}

/**
 * How every wait for a job of the provider is written:
 * - it only reads: a lost reply, a second run and a worker that dies cost one question;
 * - a retry knows from the heartbeat when the first attempt began, and waits no longer than until the given moment;
 * - trouble that passes (throttled, unreachable) is waited out within that time; what is final is thrown;
 * - cancelled: between two questions, at once.
 */
import { Context } from '@temporalio/activity';
import { isCoded } from '../../errors/coded-error.ts';
import { isRetryable } from '../../errors/codes.ts';
import type { WaitFailure, WaitProgress } from './types.ts';

/** Also while a question waits for its reply: a server that is slow must not look like a worker that died. */
const HEARTBEAT_EVERY_MS = 2_000;
const SHORTEST_POLL_MS = 20;
const LONGEST_BACKOFF_MS = 30_000;

export interface Poll<Seen, Done> {
  /** `snapshot mainstay-production-crm-...` */
  readonly object: string;
  readonly untilMs: number;
  readonly pollMs: number;
  look(signal: AbortSignal): Promise<Seen>;
  /** The provider's word for where it is. */
  statusOf(seen: Seen): string;
  assess(
    seen: Seen,
  ):
    | { readonly state: 'done'; readonly done: Done }
    | { readonly state: 'wait'; readonly reason: string; readonly warning?: string }
    | { readonly state: 'failed'; readonly reason: string };
}

export type Polled<Done> =
  | { readonly outcome: 'done'; readonly done: Done; readonly elapsedMs: number; readonly warnings: readonly string[] }
  | WaitFailure;

export async function poll<Seen, Done>(wait: Poll<Seen, Done>): Promise<Polled<Done>> {
  const context = Context.current();
  const { object, untilMs } = wait;
  const before = context.info.heartbeatDetails as Partial<WaitProgress> | undefined;
  const sinceMs = typeof before?.sinceMs === 'number' ? before.sinceMs : Date.now();
  const warnings = new Set<string>();
  let told = { status: before?.status ?? '', says: before?.says ?? 'asking' };
  const beat = (): void => {
    const progress: WaitProgress = { object, ...told, sinceMs, elapsedMs: Date.now() - sinceMs };
    context.heartbeat(progress);
  };
  beat();
  const timer = setInterval(beat, HEARTBEAT_EVERY_MS);
  let troubles = 0;
  try {
    for (;;) {
      try {
        const seen = await wait.look(context.cancellationSignal);
        troubles = 0;
        const assessment = wait.assess(seen);
        const status = wait.statusOf(seen);
        if (assessment.state === 'done') {
          return {
            outcome: 'done',
            done: assessment.done,
            elapsedMs: Date.now() - sinceMs,
            warnings: [...warnings],
          };
        }
        if (assessment.state === 'failed') {
          return { outcome: 'failed', status, reason: `${object}: ${assessment.reason}` };
        }
        if (assessment.warning !== undefined) warnings.add(assessment.warning);
        told = { status, says: assessment.reason };
      } catch (error) {
        if (!isCoded(error) || !isRetryable(error.code)) throw error;
        troubles += 1;
        told = { ...told, says: error.message };
      }
      beat();
      if (Date.now() >= untilMs) return late(object, told, sinceMs);
      await context.sleep(pauseMs(wait, troubles));
    }
  } finally {
    clearInterval(timer);
  }
}

/** Rarer while the provider is in trouble or asks us to slow down; the last question is asked when the time is over. */
function pauseMs({ pollMs, untilMs }: { readonly pollMs: number; readonly untilMs: number }, troubles: number): number {
  const backedOff = Math.min(Math.max(pollMs, SHORTEST_POLL_MS) * 2 ** Math.min(troubles, 6), LONGEST_BACKOFF_MS);
  const wished = troubles === 0 ? Math.max(pollMs, SHORTEST_POLL_MS) : Math.max(backedOff, pollMs);
  return Math.max(1, Math.min(wished, untilMs - Date.now()));
}

function late(object: string, told: { status: string; says: string }, sinceMs: number): WaitFailure {
  const waited = Math.round((Date.now() - sinceMs) / 1000);
  return {
    outcome: 'deadline',
    status: told.status,
    reason: `${object}: not ready when its time was over, after ${waited} s: ${told.says}`,
  };
}

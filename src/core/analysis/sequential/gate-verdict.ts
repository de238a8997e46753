/** Whether everything may go to the canary now. */
import { countText, durationText } from '../format.ts';
import type { SequentialOptions } from './constants.ts';
import { gateEvidence, gateLimit } from './gate.ts';
import type { SequentialPlan, SequentialState } from './state.ts';
import { holdText, recordText, type SequentialVerdict } from './verdict.ts';

export interface GateVerdict {
  /**
   * `low-traffic`: the deadline is over, so that `onLowTraffic` is asked. `no-comparison`: the record is too short, and
   * `threshold` decides. Only `pass` lets the release go on by this judge alone.
   */
  readonly phase: 'pass' | 'hold' | 'low-traffic' | 'no-comparison';
  /** G and its limit, natural logarithm. Null without a usable record. */
  readonly evidence: number | null;
  readonly limit: number;
  readonly text: string;
}

/**
 * Asks the gate at this moment; an answer is not kept. It passes when G reaches `ln(1 / beta)` and the look says
 * `continue`: neither a rollback nor a hold (missing data, both arms above the objective) is a time to promote.
 * `waitedMs` is counted from the first time the gate was asked.
 */
export function assessGate(
  plan: SequentialPlan,
  state: SequentialState,
  look: Pick<SequentialVerdict, 'phase' | 'hold'>,
  waitedMs: number,
): GateVerdict {
  const { record, options } = plan;
  const limit = gateLimit(options);
  if (record.kind === 'too-short') return { phase: 'no-comparison', evidence: null, limit, text: recordText(record) };
  const evidence = gateEvidence(state.gate, state.open, record, options.mustDetect);
  const enough = evidence >= limit;
  const numbers = `gate evidence ${evidence.toFixed(1)} of ${limit.toFixed(1)} needed after ${countText(state.release.nC, 'canary request')}`;
  if (enough && look.phase === 'continue') {
    return { phase: 'pass', evidence, limit, text: `${effectText(options)} would have been seen: ${numbers}` };
  }
  const why = enough
    ? look.hold === undefined
      ? 'the canary is rolled back'
      : holdText(look.hold)
    : `not enough evidence that ${effectText(options)} would have been seen`;
  if (waitedMs < options.gateDeadlineMs) return { phase: 'hold', evidence, limit, text: `${why}; ${numbers}` };
  return { phase: 'low-traffic', evidence, limit, text: `${why} in ${durationText(waitedMs)}; ${numbers}` };
}

/** `2 times the errors`, with the objective where there is one. */
function effectText({ mustDetect }: Pick<SequentialOptions, 'mustDetect'>): string {
  const { ratio, objective } = mustDetect;
  const floor = objective === undefined ? '' : ` and at least ${Number((objective * 100).toPrecision(4))} %`;
  return `a ratio of ${ratio} times stable's${floor}`;
}

/** Rules between values of one part of the catalogue; paths are relative to that part. Pure, all problems at once. */
import type { ApprovalEntry } from '../model/catalogue.ts';
import { durationMs, formatDuration } from '../model/duration.ts';
import type { FreezeWindow } from '../model/plan.ts';
import { type PathSegment, foundText } from '../model/problem.ts';
import {
  SECRET_REFERENCE_EXPECTED,
  looksLikeSecretReference,
  parseSecretReference,
} from '../model/secret-reference.ts';

export interface BrokenRule {
  readonly path: readonly PathSegment[];
  readonly expected: string;
  readonly found: string;
}

/** Weights rise strictly and end at 100; an undefined weight is malformed and told elsewhere. */
export function brokenLadderRules(weights: readonly (number | undefined)[]): BrokenRule[] {
  const broken: BrokenRule[] = [];
  let before: number | undefined;
  for (const [index, weight] of weights.entries()) {
    if (weight === undefined) continue;
    if (before !== undefined && weight <= before) {
      const expected = `more than ${before}, the weight of the step before`;
      broken.push({ path: [index, 'weight'], expected, found: `${weight}` });
    }
    before = weight;
  }
  const last = weights.at(-1);
  if (last !== undefined && last !== 100) {
    broken.push({ path: [weights.length - 1, 'weight'], expected: '100 in the last step', found: `${last}` });
  }
  return broken;
}

export function brokenWindowRules(window: FreezeWindow): BrokenRule[] {
  if (Date.parse(window.from) < Date.parse(window.to)) return [];
  return [{ path: ['to'], expected: `a time after from (${window.from})`, found: window.to }];
}

/** A text that begins like a secret reference and is none would be handed to the build as it stands. */
export function brokenSecretRules(environment: Readonly<Record<string, unknown>>): BrokenRule[] {
  const broken: BrokenRule[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (typeof text !== 'string' || !looksLikeSecretReference(text)) continue;
    const reference = parseSecretReference(text);
    if (reference === undefined) {
      broken.push({ path: [name], expected: SECRET_REFERENCE_EXPECTED, found: foundText(text) });
    } else if (reference.kind === 'aws-sm') {
      broken.push({ path: [name], expected: 'env:, file: or k8s:', found: 'aws-sm:, which is not yet supported' });
    }
  }
  return broken;
}

export function brokenApprovalRules(approval: ApprovalEntry, defaultDeadline: string): BrokenRule[] {
  const deadline = approval.deadline ?? defaultDeadline;
  if (approval.escalateAfter === undefined || durationMs(approval.escalateAfter) < durationMs(deadline)) return [];
  return [
    {
      path: ['escalateAfter'],
      expected: `less than the deadline (${formatDuration(durationMs(deadline))})`,
      found: approval.escalateAfter,
    },
  ];
}

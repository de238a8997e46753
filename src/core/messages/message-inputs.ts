/** What the messages of an operation carry. One JSON object each; who acts is claimed, not proven. */
import type { Decision } from '../model/deploy-state.ts';

export type MessageName = Decision['what'];

/** In the order in which a person meets them. */
export const MESSAGE_NAMES = [
  'approve',
  'reject',
  'pause',
  'resume',
  'skipStep',
  'promoteNow',
  'abort',
  'acceptUnrestored',
] as const satisfies readonly MessageName[];

interface Acted {
  /** A role or an account. */
  readonly by: string;
}

interface Reasoned extends Acted {
  readonly reason: string;
}

export interface MessageInputs {
  /** `plan`: the first 8 characters or more of the digest of plan and image, so that nobody approves another plan. */
  readonly approve: Acted & { readonly plan: string; readonly reason?: string };
  readonly reject: Reasoned;
  readonly pause: Reasoned;
  readonly resume: Acted & { readonly reason?: string };
  readonly skipStep: Reasoned;
  readonly promoteNow: Reasoned;
  readonly abort: Reasoned;
  /** `object`: the object that is accepted as it is, as `status` names it; the one that waits when left out. */
  readonly acceptUnrestored: Reasoned & { readonly object?: string };
}

export interface FieldRule {
  readonly required: boolean;
  readonly expected: string;
  /** Longest text; longer ones do not belong into histories and memos. */
  readonly maxLength: number;
  readonly pattern?: RegExp;
  readonly example: string;
}

const BY: FieldRule = { required: true, expected: 'who acts, a text', maxLength: 200, example: 'release-manager' };
const REASON: FieldRule = { required: true, expected: 'why, a text', maxLength: 2000, example: 'checked by hand' };
const PLAN: FieldRule = {
  required: true,
  expected: '8 to 64 characters of the plan digest (hexadecimal, printed by status)',
  maxLength: 71,
  pattern: /^(sha256:)?[0-9a-f]{8,64}$/,
  example: '3f2a90c1',
};
const OBJECT: FieldRule = {
  required: false,
  expected: 'the object that stays as it is, a text',
  maxLength: 500,
  example: 'HTTPRoute crm/crm-api',
};
const OPTIONAL_REASON: FieldRule = { ...REASON, required: false };
const REASONED = { by: BY, reason: REASON };

export const MESSAGE_FIELDS: Readonly<Record<MessageName, Readonly<Record<string, FieldRule>>>> = {
  approve: { plan: PLAN, by: BY, reason: OPTIONAL_REASON },
  reject: REASONED,
  pause: REASONED,
  resume: { by: BY, reason: OPTIONAL_REASON },
  skipStep: REASONED,
  promoteNow: REASONED,
  abort: REASONED,
  acceptUnrestored: { by: BY, reason: REASON, object: OBJECT },
};

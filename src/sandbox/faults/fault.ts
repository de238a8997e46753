import { z } from 'zod';
import type { ActiveAwsFault } from '../aws/front/fault-rules.ts';

const ratio = z.number().min(0).max(1);
const waitMs = z.number().int().min(0).max(600_000);

/** Pods by version of their image, by label selector, or all of the namespace. */
const serviceFault = z
  .strictObject({
    kind: z.literal('service'),
    namespace: z.string().min(1).default('crm'),
    version: z.string().min(1).optional(),
    selector: z.string().min(1).optional(),
    errorRatio: ratio.optional(),
    latencyMs: waitMs.optional(),
    crash: z.literal(true).optional(),
    noMetrics: z.literal(true).optional(),
  })
  .refine(
    ({ errorRatio, latencyMs, crash, noMetrics }) =>
      errorRatio !== undefined || latencyMs !== undefined || crash || noMetrics,
    { error: 'expected at least one of errorRatio, latencyMs, crash, noMetrics' },
  );

/** Rules of the Kubernetes API server: which requests, and what happens to them. */
const apiFault = z
  .strictObject({
    kind: z.literal('api'),
    verb: z.string().min(1).optional(),
    resource: z.string().min(1).optional(),
    name: z.string().min(1).optional(),
    namespace: z.string().min(1).optional(),
    userAgent: z.string().min(1).optional(),
    status: z.number().int().min(400).max(599).optional(),
    retryAfterSeconds: z.number().int().min(0).optional(),
    delayMs: waitMs.optional(),
    dropReply: z.literal(true).optional(),
    deny: z.literal(true).optional(),
    count: z.number().int().min(1).optional(),
    probability: ratio.optional(),
  })
  .refine(
    ({ status, delayMs, dropReply, deny }) => status !== undefined || delayMs !== undefined || dropReply || deny,
    {
      error: 'expected at least one of status, delayMs, dropReply, deny',
    },
  );

const registryFault = z.discriminatedUnion('mode', [
  z.strictObject({ kind: z.literal('registry'), mode: z.literal('down') }),
  z.strictObject({ kind: z.literal('registry'), mode: z.literal('unavailable') }),
  z.strictObject({ kind: z.literal('registry'), mode: z.literal('delay'), delayMs: waitMs }),
]);

const routerFault = z.discriminatedUnion('mode', [
  z.strictObject({ kind: z.literal('router'), mode: z.literal('unavailable'), ratio: ratio.default(1) }),
  z.strictObject({ kind: z.literal('router'), mode: z.literal('delay'), delayMs: waitMs }),
  z.strictObject({ kind: z.literal('router'), mode: z.literal('frozen') }),
  z.strictObject({ kind: z.literal('router'), mode: z.literal('noMetrics') }),
]);

/** Which requests to AWS, and how many of them. */
const awsRequests = {
  kind: z.literal('aws'),
  service: z.string().min(1).optional(),
  operation: z.string().min(1).optional(),
  region: z.string().min(1).optional(),
  count: z.number().int().min(1).optional(),
  skip: z.number().int().min(0).optional(),
  probability: ratio.optional(),
};
/** Statuses are RDS's own, of instances and snapshots. */
const awsStatuses = {
  kind: z.literal('aws'),
  service: z.literal('rds').optional(),
  region: z.string().min(1).optional(),
  identifier: z.string().min(1).optional(),
};
const awsFault = z.discriminatedUnion('mode', [
  z.strictObject({ ...awsRequests, mode: z.literal('throttle') }),
  z.strictObject({
    ...awsRequests,
    mode: z.literal('error'),
    status: z.number().int().min(400).max(599).optional(),
    code: z.string().min(1).optional(),
    message: z.string().min(1).optional(),
  }),
  z.strictObject({ ...awsRequests, mode: z.literal('delay'), delayMs: waitMs }),
  z.strictObject({ ...awsRequests, mode: z.literal('lostReply') }),
  z.strictObject({ ...awsStatuses, mode: z.literal('stuckStatus'), status: z.string().min(1).optional() }),
  z.strictObject({
    ...awsStatuses,
    mode: z.literal('lyingStatus'),
    status: z.string().min(1),
    count: awsRequests.count,
  }),
]);

/** Shape of `POST /faults`. */
export const faultSchema = z.union([serviceFault, apiFault, registryFault, routerFault, awsFault]);

export type ServiceFault = z.infer<typeof serviceFault>;
export type ApiFault = z.infer<typeof apiFault>;
export type AwsFault = z.infer<typeof awsFault>;
export type SandboxFault = z.infer<typeof faultSchema>;
/** One of AWS says how often it struck. */
export type ActiveSandboxFault =
  | (Exclude<SandboxFault, AwsFault> & { readonly id: string })
  | (ActiveAwsFault & { readonly kind: 'aws' });

const SCHEMAS = { service: serviceFault, api: apiFault, registry: registryFault, router: routerFault, aws: awsFault };
type FaultKind = keyof typeof SCHEMAS;

/** The names of the parts that can misbehave. */
export const FAULT_KINDS = Object.keys(SCHEMAS) as readonly FaultKind[];

/** A fault that says nothing, or something unknown; the message lists every problem with its path. */
export class InvalidFault extends Error {}

/** Reads a fault from JSON, telling only the problems of the kind it names. Throws InvalidFault. */
export function parseFault(input: unknown): SandboxFault {
  const kind = typeof input === 'object' && input !== null ? (input as { kind?: unknown }).kind : undefined;
  const known = FAULT_KINDS.find((name) => name === kind);
  if (!known) throw new InvalidFault(`kind: expected one of ${FAULT_KINDS.join(', ')}, got ${JSON.stringify(kind)}`);
  const parsed = SCHEMAS[known].safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  throw new InvalidFault(problems.join('; '));
}

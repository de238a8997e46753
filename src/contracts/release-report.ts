/** The shape of `mainstay report --format json`, for whoever reads it with a program. */
import { z } from 'zod';
import { REPORT_OUTCOMES, REPORT_SOURCES, type ReleaseReport } from '../core/report/release-report.ts';

const moment = z.number().describe('Milliseconds since 1970-01-01 UTC.');
const textOf = (says: string) => z.string().describe(says);
const anything = z.record(z.string(), z.unknown());

const armCount = z
  .strictObject({ requests: z.number(), errors: z.number() })
  .describe('All requests while it was watched.');

const step = z.strictObject({
  name: textOf('`Step 2 at 25 %`, or `Bake`.'),
  step: z.number().describe('Index, from 0; of a bake the one after the last step.'),
  weightPercent: z.number(),
  startedAtMs: moment,
  endedAtMs: moment,
  phase: textOf('`passed`, `failed`, `error`, `inconclusive`, `no-data`, `incomplete`, `running`, `unknown`.'),
  reason: textOf('The deciding metric with value, limit and counts.'),
  metrics: z.array(anything).describe('The verdict of each metric.'),
  looks: z.number().describe('How often it was looked.'),
  canary: armCount.optional(),
  stable: armCount.optional(),
  judged: z.boolean().describe('False: the operation ended before it judged this; the numbers speak for themselves.'),
});

const decision = z.strictObject({
  what: textOf('Name of the message.'),
  by: textOf('Who: claimed, not proven.'),
  reason: textOf('Why, in their words.'),
  atMs: moment,
});

const restored = z.strictObject({
  object: z.string(),
  field: z.string(),
  wanted: textOf('As it was found before.'),
  observed: textOf('As it stands now.'),
  restored: z.boolean(),
  changed: z.boolean().describe('False: it was so already.'),
  note: z.string().optional(),
});

const foreign = z.strictObject({ object: z.string(), field: z.string(), expected: z.string(), observed: z.string() });
const check = z.strictObject({ name: z.string(), mode: z.string(), result: z.string(), reason: z.string() });

const event = z.strictObject({
  atMs: moment,
  what: textOf('Name of the activity.'),
  outcome: z.enum(['done', 'failed']),
  says: z.string(),
  by: textOf('Another operation that did it: the one that cleaned up.').optional(),
});

const notice = z.strictObject({
  kind: z.enum(['notification', 'incident']),
  atMs: moment,
  urgency: z.string(),
  subject: z.string(),
});

/** A program that reads it may rely on every key; new ones may come. */
export const releaseReportSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    workflowId: z.string(),
    runId: z.string(),
    operation: textOf('Workflow type: `deployService` or `restoreService`.'),
    service: z.string(),
    environment: z.string(),
    version: z.string(),
    image: textOf('By digest, once it was known.').optional(),
    requestedBy: textOf('Who asked: claimed, not proven.'),
    askedBecause: z.string(),
    outcome: z.enum(REPORT_OUTCOMES),
    reasonCode: z.string().optional(),
    reason: z.string(),
    startedAtMs: moment,
    endedAtMs: moment.optional(),
    term: z.number().optional(),
    planDigest: z.string().optional(),
    catalogueDigest: z.string().optional(),
    plan: anything.describe('The complete plan.').optional(),
    before: anything.describe('What was observed before the first change.').optional(),
    migrations: anything.optional(),
    steps: z.array(step),
    events: z.array(event),
    decisions: z.array(decision),
    restored: z.array(restored),
    foreign: z.array(foreign),
    preflight: z.array(check),
    notices: z.array(notice),
    restores: textOf('Workflow id of the operation this one cleaned up after.').optional(),
    restoredBy: textOf('Workflow id of the operation that cleaned up after this one.').optional(),
    next: z.array(z.strictObject({ says: z.string(), command: z.string().optional() })),
    sources: z.array(z.strictObject({ from: z.enum(REPORT_SOURCES), says: z.string() })),
    missing: z.array(z.string()).describe('What could not be known, and why.'),
  })
  .describe('Report of one operation of Mainstay.');

type Shape = z.input<typeof releaseReportSchema>;
/** Keys and texts of the contract and of core are the same; nested plan and verdicts have schemas of their own. */
export type ReportKeysAgree = [keyof Shape, keyof ReleaseReport] extends [keyof ReleaseReport, keyof Shape]
  ? true
  : never;
export const REPORT_KEYS_AGREE: ReportKeysAgree = true;

/** JSON Schema of the report, for docs/reference/report.schema.generated.json. */
export function reportJsonSchema(): unknown {
  return z.toJSONSchema(releaseReportSchema, { io: 'input' });
}

/** Structure of the catalogue's parts. Relations between values (rising weights, counts) are rules in core/catalogue. */
import { z } from 'zod';
import { BOUND_PATTERN, METRIC_UNITS } from '../core/model/bound.ts';
import { LOW_TRAFFIC_POLICIES } from '../core/model/analysis.ts';
import { PREFLIGHT_CHECKS } from '../core/model/plan.ts';
import { prometheusSchema, prometheusSourceSchema } from './catalogue-prometheus.ts';
import { httpUrl, labelName, labels, metricName, VARIABLE } from './catalogue-texts.ts';
import { choice, duration, durationOrZero, flag, kubernetesName, list, mapping, oneOf, serviceName } from './schema.ts';
import { text, wholeNumber } from './schema.ts';

/** Canary objects are named `<name>-canary-<term>`; 40 leaves room for them in the 63 characters of a label. */
export const LONGEST_NAME = 40;

const repository = text(
  'an image repository without tag, such as registry.example.com/crm-api; ${VARIABLE} stands for a variable of the process',
  new RegExp(`^(${VARIABLE}|[A-Za-z0-9.-]+(:\\d+)?)(/(${VARIABLE}|[a-z0-9]+([._-]+[a-z0-9]+)*))+$|^${VARIABLE}$`),
);
const port = wholeNumber(1, 65_535);

export const clusterSchema = mapping({
  kubeconfig: text('the path of a kubeconfig file; ${VARIABLE} stands for a variable of the process').optional(),
  context: text('the name of a context in the kubeconfig').optional(),
});

const approval = {
  deadline: duration.optional(),
  onDeadline: oneOf(['reject', 'approve']).optional(),
  escalateAfter: duration.optional(),
};
export const approvalsSchema = mapping({
  start: mapping({ mode: oneOf(['none', 'required']).optional(), ...approval }).optional(),
  step: mapping(approval).optional(),
});

const INSTANT =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
const instant = text('a time with its offset (RFC 3339), such as 2026-12-24T18:00:00+01:00', INSTANT);
export const freezeWindowSchema = mapping({
  from: instant,
  to: instant,
  reason: text('the reason, which a refused deployment is told'),
});

export const workloadSchema = mapping({
  deployment: kubernetesName(LONGEST_NAME, 'the name of a Deployment'),
  container: kubernetesName(63, 'the name of a container'),
  firstReplicas: wholeNumber(1, 1000).optional(),
});

export const buildSchema = choice(
  'kind',
  ['localCommand', 'image'],
  [
    mapping({
      kind: z.literal('localCommand'),
      command: list(z.string({ error: 'a text' }), 'a list of texts: the program and its arguments').min(1, {
        error: 'a list of texts: the program and its arguments',
      }),
      directory: text('a directory, relative to the catalogue file'),
      environment: z
        .record(
          text('the name of an environment variable', /^[A-Za-z_][A-Za-z0-9_]*$/),
          z.string({ error: 'a text (put numbers and true or false in quotes)' }),
          { error: (issue) => (issue.code === 'invalid_key' ? undefined : 'a mapping from variable names to texts') },
        )
        .optional(),
      timeout: duration.optional(),
      repository,
    }),
    mapping({ kind: z.literal('image'), repository }),
  ],
);

export const stepSchema = mapping({
  weight: wholeNumber(1, 100),
  duration,
  approval: flag.optional(),
});
export const strategySchema = mapping({
  kind: z.literal('canary', { error: 'canary' }),
  steps: list(stepSchema, 'a list of steps, each with weight and duration')
    .min(1, { error: 'a list of steps, each with weight and duration' })
    .optional(),
  bake: duration.optional(),
});

const stableService = serviceName(LONGEST_NAME);
const weightMetric = mapping({
  url: httpUrl,
  name: metricName,
  backendLabel: labelName,
  labels: labels.optional(),
});

export const trafficSchema = choice(
  'kind',
  ['httpRoute', 'istioVirtualService', 'podRatio'],
  [
    mapping({
      kind: z.literal('httpRoute'),
      route: kubernetesName(63, 'the name of an HTTPRoute'),
      stableService,
      port,
      weightMetric: weightMetric.optional(),
    }),
    mapping({
      kind: z.literal('istioVirtualService'),
      virtualService: kubernetesName(63, 'the name of a VirtualService'),
      httpRoute: text('the name of an http route of the VirtualService (spec.http[].name)').optional(),
      stableService,
      port,
      destinationRule: mapping({
        name: kubernetesName(63, 'the name of the DestinationRule of the stable host'),
        stableSubset: text('the name of the subset that the stable destination has').optional(),
      }).optional(),
      settle: duration.optional(),
      weightMetric: weightMetric.optional(),
    }),
    mapping({
      kind: z.literal('podRatio'),
      stableService,
      port,
      tolerance: wholeNumber(1, 50).optional(),
    }),
  ],
);

const source = choice(
  'from',
  ['pods', 'router', 'prometheus'],
  [
    mapping({ from: z.literal('pods'), port, path: text('a path that begins with /', /^\//) }),
    mapping({
      from: z.literal('router'),
      url: httpUrl.optional(),
      backendLabel: labelName.optional(),
      labels: labels.optional(),
    }),
    prometheusSourceSchema,
  ],
);

/** A name with labels, or (from: prometheus) a text. Which of both is a rule: a choice has no key to be told by. */
const selector = mapping({
  name: metricName.optional(),
  labels: labels.optional(),
  promql: text('a PromQL text with variables such as {{{arm.selector}}}').optional(),
});
const query = choice(
  'kind',
  ['errorRatio', 'quantile', 'slowRatio', 'value'],
  [
    mapping({ kind: z.literal('errorRatio'), total: selector, errors: selector }),
    mapping({
      kind: z.literal('quantile'),
      histogram: selector,
      quantile: z
        .number({ error: 'a number between 0 and 1, such as 0.99' })
        .gt(0, { error: 'a number between 0 and 1, such as 0.99' })
        .lt(1, { error: 'a number between 0 and 1, such as 0.99' }),
    }),
    mapping({
      kind: z.literal('slowRatio'),
      histogram: selector,
      slowerThan: text(
        'a bucket bound as the histogram writes it, such as "0.5"',
        /^\d+(\.\d+)?([eE][+-]?\d+)?$/,
      ).optional(),
    }),
    mapping({ kind: z.literal('value'), gauge: selector, relativeToStable: flag.optional() }),
  ],
);

const bound = text('a bound: <, <=, > or >= and a number with its unit, such as "> 5%" or "<= 2s"', BOUND_PATTERN);
/** How a threshold samples and counts, in `analysis` and again in each judge. */
const sampling = {
  interval: duration.optional(),
  count: wholeNumber(1, 10_000).optional(),
  failureLimit: wholeNumber(-1, 10_000).optional(),
  inconclusiveLimit: wholeNumber(0, 10_000).optional(),
  consecutiveErrorLimit: wholeNumber(0, 10_000).optional(),
  consecutiveSuccessLimit: wholeNumber(0, 10_000).optional(),
  warmUp: durationOrZero.optional(),
  minRequests: wholeNumber(0, 1_000_000).optional(),
};

export const samplingSchema = mapping(sampling);

const ratioInPercent = text('a ratio in per cent, such as 1% or 0.5%', /^\d+(\.\d+)?\s?%$/);
const ratio = (expected: string) => z.number({ error: expected }).gt(0, { error: expected });
const share = (expected: string) => ratio(expected).lt(1, { error: expected });

export const metricSchema = mapping({
  name: kubernetesName(63, 'a name for the metric'),
  source,
  query,
  judge: choice(
    'kind',
    ['threshold', 'sequential'],
    [
      mapping({ kind: z.literal('threshold'), pass: bound.optional(), fail: bound.optional(), ...sampling }),
      mapping({
        kind: z.literal('sequential'),
        objective: ratioInPercent.optional(),
        mustDetect: ratio('a ratio above 1, such as 2').optional(),
        alpha: share('a number between 0 and 1, such as 0.01').optional(),
        weight: ratio('a number above 0').optional(),
        beta: share('a number between 0 and 1, such as 0.1').optional(),
        tolerance: ratio('a ratio from 1').optional(),
        minErrors: wholeNumber(1, 1_000_000).optional(),
        minRequests: wholeNumber(0, 1_000_000_000).optional(),
        warmUp: durationOrZero.optional(),
        gateDeadline: duration.optional(),
        threshold: mapping({ pass: bound.optional(), fail: bound.optional(), ...sampling }).optional(),
      }),
    ],
  ).optional(),
  dryRun: flag.optional(),
  unit: oneOf(METRIC_UNITS).optional(),
});

export const analysisSchema = mapping({
  ...sampling,
  onLowTraffic: oneOf(LOW_TRAFFIC_POLICIES).optional(),
  recordFor: durationOrZero.optional(),
  slot: duration.optional(),
  prometheus: prometheusSchema.optional(),
  metrics: list(metricSchema, 'a list of metrics, at least one').min(1, { error: 'a list of metrics, at least one' }),
});

const mode = oneOf(['required', 'advisory', 'off']).optional();
export const preflightSchema = mapping(
  Object.fromEntries(PREFLIGHT_CHECKS.map((check) => [check, mode])) as Record<
    (typeof PREFLIGHT_CHECKS)[number],
    typeof mode
  >,
);

export const migrationsSchema = mapping({
  database: text(
    'a secret reference to a postgres:// URL: env:NAME, file:/PATH or k8s:NAMESPACE/NAME/KEY',
    /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.*[^/\s].*|k8s:[^/\s]+\/[^/\s]+\/[^/\s]+)$/,
  ),
  directory: text('a directory of SQL files, relative to the catalogue file'),
  lockWait: duration.optional(),
  lockTimeout: duration.optional(),
  lockTries: wholeNumber(1, 100).optional(),
  statementTimeout: duration.optional(),
  deadline: duration.optional(),
  reviewed: text('the name of a file in the directory, such as reviewed.sha256', /^[^/\\]+$/).optional(),
});

export const requiresSchema = list(
  mapping({
    kind: oneOf(['ConfigMap', 'Secret']),
    name: text('the name of a ConfigMap or Secret', /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/),
    keys: list(text('a key: letters, digits, -, _ and .', /^[-._a-zA-Z0-9]+$/), 'a list of keys'),
  }),
  'a list of ConfigMaps and Secrets',
);

export const deadlinesSchema = mapping({
  noData: duration.optional(),
  foreignChange: duration.optional(),
  confirmWeight: duration.optional(),
  ready: duration.optional(),
  queue: duration.optional(),
  pause: duration.optional(),
});

export const intervalsSchema = mapping({
  look: duration.optional(),
  observerHeartbeat: duration.optional(),
  mutatorHeartbeat: duration.optional(),
  ownershipQuestion: duration.optional(),
});

/**
 * Runs core's rules over a catalogue that may be malformed in places: a rule runs wherever the values it compares are
 * well-formed, so a typing error in one line does not hide a falling weight in another.
 */
import type { z } from 'zod';
import {
  brokenBoundRules,
  brokenJudgeRules,
  brokenMetricListRules,
  brokenSourceRules,
} from '../core/catalogue/analysis-rules.ts';
import { brokenCacheRules, brokenClusterBackupRules } from '../core/catalogue/copy-rules.ts';
import { brokenDatabaseRules, brokenSchedulesRules } from '../core/catalogue/database-rules.ts';
import { brokenQueryRules, brokenServerRules } from '../core/catalogue/prometheus-rules.ts';
import { brokenIntervalRules } from '../core/catalogue/interval-rules.ts';
import { MERGED_PARTS, comesFromOverride, isMapping, mergeKeys } from '../core/catalogue/merge.ts';
import {
  type BrokenRule,
  brokenApprovalRules,
  brokenLadderRules,
  brokenSecretRules,
  brokenWindowRules,
} from '../core/catalogue/rules.ts';
import { DEFAULT_APPROVAL_DEADLINES, resolveSampling, shortestStep } from '../core/catalogue/sampling.ts';
import { brokenReachRules, brokenRouterSourceRules, defaultSteps } from '../core/catalogue/traffic-rules.ts';
import type { MetricEntry, SamplingEntry, StepEntry } from '../core/model/catalogue.ts';
import { thresholdOf } from '../core/catalogue/judge.ts';
import { oneOfText } from '../core/model/did-you-mean.ts';
import { NOTHING, type PathSegment } from '../core/model/problem.ts';
import { needsCanary } from '../core/model/promql-template.ts';
import { cachePartsSchema, clusterBackupSchema } from './catalogue-cluster-backup.ts';
import { databasePartsSchema, schedulesSchema } from './catalogue-databases.ts';
import { prometheusSchema } from './catalogue-prometheus.ts';
import {
  approvalsSchema,
  deadlinesSchema,
  freezeWindowSchema,
  intervalsSchema,
  metricSchema,
  samplingSchema,
  stepSchema,
  trafficSchema,
} from './catalogue-parts.ts';

type Mapping = Record<string, unknown>;

/** Each broken rule once, though several environments may share its cause. */
export function brokenCatalogueRules(raw: unknown): BrokenRule[] {
  const catalogue = isMapping(raw) ? raw : {};
  const environments = entriesOf(catalogue.environments);
  const known = environments.map(([name]) => name);
  const broken: BrokenRule[] = [];
  for (const [name, environment] of environments) {
    broken.push(...under(['environments', name], brokenEnvironmentRules(environment)));
  }
  for (const [name, service] of entriesOf(catalogue.services)) {
    broken.push(...under(['services', name], brokenSharing(service, environments)));
    broken.push(...under(['services', name], brokenPresence(service, environments)));
    broken.push(...under(['services', name], brokenServiceRules(service, known)));
  }
  broken.push(...under(['databases'], brokenDatabases(entriesOf(catalogue.databases), environments)));
  broken.push(...brokenCopies(entriesOf(catalogue.caches), environments));
  const schedules = wellFormed(schedulesSchema, catalogue.schedules);
  if (schedules) broken.push(...under(['schedules'], brokenSchedulesRules(schedules, known)));
  return broken;
}

/** `clusterBackup` of each environment, and each cache in each environment that has it. */
function brokenCopies(
  caches: readonly (readonly [string, Mapping])[],
  environments: readonly (readonly [string, Mapping])[],
): BrokenRule[] {
  const known = environments.map(([name]) => name);
  const regionOf = (environment: string): string | undefined => {
    const region = environments.find(([each]) => each === environment)?.[1].region;
    return typeof region === 'string' ? region : undefined;
  };
  const broken = environments.flatMap(([environment, place]) => {
    const entry = wellFormed(clusterBackupSchema, place.clusterBackup);
    const path = ['environments', environment, 'clusterBackup'];
    return entry ? under(path, brokenClusterBackupRules(entry, regionOf(environment))) : [];
  });
  for (const [name, { environments: overrides, ...base }] of caches) {
    for (const [environment, override] of entriesOf(overrides)) {
      const path = ['caches', name, 'environments', environment];
      if (known.length > 0 && !known.includes(environment)) {
        const expected = `the name of an environment, ${oneOfText(environment, known)}`;
        broken.push({ path, expected, found: JSON.stringify(environment) });
      }
      const merged = wellFormed(cachePartsSchema, mergeKeys(base, override));
      if (merged) broken.push(...under(path, brokenCacheRules(merged, regionOf(environment))));
    }
  }
  return broken;
}

/** Each database in each environment that has it; the same database must not be backed up under two names. */
function brokenDatabases(
  databases: readonly (readonly [string, Mapping])[],
  environments: readonly (readonly [string, Mapping])[],
): BrokenRule[] {
  const known = environments.map(([name]) => name);
  const owners = new Map<string, string>();
  const broken: BrokenRule[] = [];
  for (const [name, { environments: overrides, ...base }] of databases) {
    for (const [environment, override] of entriesOf(overrides)) {
      if (known.length > 0 && !known.includes(environment)) {
        const expected = `the name of an environment, ${oneOfText(environment, known)}`;
        broken.push({ path: [name, 'environments', environment], expected, found: JSON.stringify(environment) });
      }
      const merged = wellFormed(databasePartsSchema, mergeKeys(base, override));
      if (!merged) continue;
      const place = environments.find(([each]) => each === environment)?.[1];
      const region = typeof place?.region === 'string' ? place.region : undefined;
      for (const rule of brokenDatabaseRules(merged, region)) {
        const isOwn = rule.found === NOTHING || comesFromOverride(override, rule.path);
        const path = [name, ...(isOwn ? ['environments', environment] : []), ...rule.path];
        if (!broken.some((told) => samePath(told.path, path))) broken.push({ ...rule, path });
      }
      if (merged.instance === undefined) continue;
      const address = JSON.stringify([merged.region ?? region, merged.instance, merged.databaseName ?? name]);
      const owner = owners.get(address);
      owners.set(address, `${name} in ${environment}`);
      if (owner !== undefined) {
        const expected = 'an instance (with databaseName) that no other entry names';
        broken.push({ path: [name, 'environments', environment], expected, found: `${merged.instance}, as ${owner}` });
      }
    }
  }
  return broken;
}

function brokenEnvironmentRules(environment: Mapping): BrokenRule[] {
  const windows = itemsOf(environment.freezeWindows).flatMap((raw, index) => {
    const window = wellFormed(freezeWindowSchema, raw);
    return window === undefined ? [] : under(['freezeWindows', index], brokenWindowRules(window));
  });
  return [...brokenApprovals(environment.approvals), ...windows, ...brokenServer(environment.prometheus)];
}

function brokenServiceRules(service: Mapping, environments: readonly string[]): BrokenRule[] {
  const broken = brokenMergedRules(service);
  for (const [name, override] of entriesOf(service.environments)) {
    if (environments.length > 0 && !environments.includes(name)) {
      const expected = `the name of an environment, ${oneOfText(name, environments)}`;
      broken.push({ path: ['environments', name], expected, found: JSON.stringify(name) });
    }
    const merged: Mapping = { ...service, ...override };
    for (const part of MERGED_PARTS) merged[part] = mergeKeys(service[part], override[part]);
    for (const rule of brokenMergedRules(merged)) {
      if (comesFromOverride(override, rule.path)) {
        broken.push({ ...rule, path: ['environments', name, ...rule.path] });
      } else if (!broken.some((told) => samePath(told.path, rule.path))) {
        broken.push({ ...rule, found: `${rule.found} (in ${name})` });
      }
    }
  }
  return broken;
}

/** Rules of a service as one environment sees it; paths are relative to the service. */
function brokenMergedRules(service: Mapping): BrokenRule[] {
  const strategy = isMapping(service.strategy) ? service.strategy : { steps: [] };
  const traffic = wellFormed(trafficSchema, service.traffic);
  const rawSteps = strategy.steps === undefined ? defaultSteps(traffic?.kind) : itemsOf(strategy.steps);
  const weights = rawSteps.map((step) => wellFormed(stepSchema.shape.weight, field(step, 'weight')));
  const steps = stepsWithDurations(rawSteps);

  const { metrics: rawMetrics, ...rawSampling } = isMapping(service.analysis) ? service.analysis : {};
  const shared = wellFormed(samplingSchema, knownSampling(rawSampling));
  const metrics = itemsOf(rawMetrics).map((raw) => wellFormed(metricSchema, raw));
  const hasWeightMetric = field(service.traffic, 'weightMetric') !== undefined;
  const metricRules = itemsOf(rawMetrics).flatMap((raw, index) => {
    const metric = metrics[index];
    const judge = judgeIn(raw);
    return [
      ...(metric ? [...brokenBoundRules(metric, index), ...brokenSourceRules(metric, index, hasWeightMetric)] : []),
      ...(metric ? brokenQueryRules(metric, index) : []),
      ...brokenRouterSourceRules(traffic, tellsArms(field(raw, 'source')), index),
      // Without the shared values how samples fit into the steps cannot be judged.
      ...(judge ? brokenJudgeRules(judge, index, shared ?? {}, shared === undefined ? [] : steps) : []),
    ];
  });
  const buildEnvironment = field(service.build, 'environment');
  return [
    ...under(['build', 'environment'], isMapping(buildEnvironment) ? brokenSecretRules(buildEnvironment) : []),
    ...under(['strategy', 'steps'], [...brokenLadderRules(weights), ...brokenReachRules(traffic, weights)]),
    ...under(
      ['analysis'],
      [...brokenNames(itemsOf(rawMetrics)), ...metricRules, ...brokenServer(field(service.analysis, 'prometheus'))],
    ),
    ...brokenIntervals(service, metrics, shared, steps),
    ...brokenApprovals(service.approvals),
  ];
}

/** The judge of a metric whose other parts may be malformed; undefined when it cannot be judged itself. */
function judgeIn(raw: unknown): Pick<MetricEntry, 'judge' | 'query'> | undefined {
  const written = field(raw, 'judge');
  const judge = wellFormed(metricSchema.shape.judge, written);
  const query = wellFormed(metricSchema.shape.query, field(raw, 'query'));
  if (query) return written === undefined ? { query } : judge && { judge, query };
  // Which query it is decides what is compared: without one only a threshold can be looked at.
  return judge?.kind === 'threshold' ? { judge, query: ANY_QUERY } : undefined;
}

const ANY_QUERY = { kind: 'errorRatio', total: { name: 'any' }, errors: { name: 'any' } } as const;

/** Ownership is held by environment and service: two environments must never mean the same Deployment (S2). */
function brokenSharing(service: Mapping, environments: readonly (readonly [string, Mapping])[]): BrokenRule[] {
  const owners = new Map<string, string>();
  const broken: BrokenRule[] = [];
  for (const [name, environment] of environments) {
    const override = field(service.environments, name);
    const deployment = field(mergeKeys(service.workload, field(override, 'workload')), 'deployment');
    const { namespace } = environment;
    if (typeof deployment !== 'string' || typeof namespace !== 'string') continue;
    const address = JSON.stringify([
      field(environment.cluster, 'kubeconfig') ?? '',
      field(environment.cluster, 'context') ?? '',
      namespace,
      deployment,
    ]);
    const owner = owners.get(address);
    if (owner === undefined) owners.set(address, name);
    else {
      broken.push({
        path: ['workload', 'deployment'],
        expected: `a Deployment of its own in each environment (cluster, namespace and deployment together)`,
        found: `${namespace}/${deployment} of the same cluster in ${owner} and ${name}`,
      });
    }
  }
  return broken;
}

function brokenServer(raw: unknown): BrokenRule[] {
  const server = raw === undefined ? undefined : wellFormed(prometheusSchema, raw);
  return server === undefined ? [] : under(['prometheus'], brokenServerRules(server));
}

/** Metrics from Prometheus need one somewhere; in which environment it is missing, the plan tells. */
function brokenPresence(service: Mapping, environments: readonly (readonly [string, Mapping])[]): BrokenRule[] {
  const index = itemsOf(field(service.analysis, 'metrics')).findIndex(
    (metric) => field(field(metric, 'source'), 'from') === 'prometheus',
  );
  if (index === -1 || field(service.analysis, 'prometheus') !== undefined) return [];
  const has = ([name, environment]: readonly [string, Mapping]) =>
    environment.prometheus !== undefined ||
    field(field(field(service.environments, name), 'analysis'), 'prometheus') !== undefined;
  if (environments.length === 0 || environments.some(has)) return [];
  const expected = 'prometheus in an environment, or in the analysis of the service';
  return [{ path: ['analysis', 'metrics', index, 'source'], expected, found: 'none' }];
}

function brokenNames(rawMetrics: readonly unknown[]): BrokenRule[] {
  const named = rawMetrics.map((raw, index) => {
    const name = field(raw, 'name');
    return {
      // A malformed name is nobody's double.
      name: typeof name === 'string' ? name : `\u0000${index}`,
      dryRun: field(raw, 'dryRun') === true,
      isRelative: field(field(raw, 'query'), 'relativeToStable') === true || speaksOfCanary(field(raw, 'query')),
    };
  });
  return brokenMetricListRules(named);
}

/** A value whose text needs a canary says nothing in the bake. */
function speaksOfCanary(query: unknown): boolean {
  const text = field(field(query, 'gauge'), 'promql');
  return typeof text === 'string' && needsCanary(text);
}

function tellsArms(source: unknown) {
  return { from: field(source, 'from'), by: field(field(source, 'arms'), 'by') };
}

function brokenIntervals(
  service: Mapping,
  metrics: readonly (MetricEntry | undefined)[],
  shared: SamplingEntry | undefined,
  steps: readonly StepEntry[],
): BrokenRule[] {
  const intervals = wellFormed(intervalsSchema, service.intervals ?? {});
  const deadlines = wellFormed(deadlinesSchema, service.deadlines ?? {});
  const shortest = shortestStep(steps);
  if (!intervals || !deadlines || !shared || !shortest) return [];
  const wellFormedMetrics = metrics.filter((metric) => metric !== undefined);
  if (wellFormedMetrics.length < metrics.length) return [];
  const intervalsMs = wellFormedMetrics.map(
    (metric) => resolveSampling(thresholdOf(metric), shared, shortest.ms).intervalMs,
  );
  return brokenIntervalRules(intervals, deadlines, intervalsMs);
}

function brokenApprovals(raw: unknown): BrokenRule[] {
  const approvals = wellFormed(approvalsSchema, raw);
  if (approvals === undefined) return [];
  return (['start', 'step'] as const).flatMap((key) =>
    under(['approvals', key], brokenApprovalRules(approvals[key] ?? {}, DEFAULT_APPROVAL_DEADLINES[key])),
  );
}

/** None when a duration is malformed: what must fit into the steps cannot be judged then. */
function stepsWithDurations(rawSteps: readonly unknown[]): StepEntry[] {
  const steps: StepEntry[] = [];
  for (const raw of rawSteps) {
    const duration = wellFormed(stepSchema.shape.duration, field(raw, 'duration'));
    if (duration === undefined) return [];
    steps.push({ weight: 1, duration });
  }
  return steps;
}

/** Unknown keys have been told as such; they must not silence the rules over their neighbours. */
function knownSampling(rawSampling: Mapping): Mapping {
  return Object.fromEntries(Object.entries(rawSampling).filter(([key]) => Object.hasOwn(samplingSchema.shape, key)));
}

function wellFormed<Schema extends z.ZodType>(schema: Schema, raw: unknown): z.output<Schema> | undefined {
  const parsed = schema.safeParse(raw);
  return parsed.success ? parsed.data : undefined;
}

function under(prefix: readonly PathSegment[], rules: readonly BrokenRule[]): BrokenRule[] {
  return rules.map((rule) => ({ ...rule, path: [...prefix, ...rule.path] }));
}

function samePath(a: readonly PathSegment[], b: readonly PathSegment[]): boolean {
  return a.length === b.length && a.every((segment, index) => segment === b[index]);
}

function entriesOf(raw: unknown): [string, Mapping][] {
  return isMapping(raw) ? Object.entries(raw).filter((entry): entry is [string, Mapping] => isMapping(entry[1])) : [];
}

function itemsOf(raw: unknown): readonly unknown[] {
  return Array.isArray(raw) ? raw : [];
}

function field(raw: unknown, key: string): unknown {
  return isMapping(raw) ? raw[key] : undefined;
}

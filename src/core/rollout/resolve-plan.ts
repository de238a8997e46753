/** From names to the complete plan: every value of the catalogue that a deployment needs, every default written out. */
import { resolveDeadlines, resolveIntervals } from '../catalogue/interval-rules.ts';
import { mergeKeys, serviceIn } from '../catalogue/merge.ts';
import { DEFAULT_APPROVAL_DEADLINES, DEFAULT_BAKE, shortestStep } from '../catalogue/sampling.ts';
import { DEFAULT_SETTLE, DEFAULT_TOLERANCE_PERCENT, defaultSteps } from '../catalogue/traffic-rules.ts';
import type { AnalysisPlan, MetricPlan } from '../model/analysis.ts';
import type {
  AnalysisEntry,
  ApprovalEntry,
  ApprovalsEntry,
  BuildEntry,
  Catalogue,
  EnvironmentEntry,
} from '../model/catalogue.ts';
import type { MigrationsEntry, ServiceEntry } from '../model/catalogue.ts';
import type { TrafficEntry } from '../model/traffic-entry.ts';
import type { MigrationsPlan } from '../model/migration.ts';
import { oneOfText } from '../model/did-you-mean.ts';
import { durationMs } from '../model/duration.ts';
import type { ApprovalPlan, BuildPlan, DeployInput, DeployPlan } from '../model/plan.ts';
import { PREFLIGHT_CHECKS, type PreflightCheckName, type PreflightPlan, type TrafficPlan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import { resolveMetric } from './resolve-metric.ts';

export interface CatalogueVersion {
  readonly catalogue: Catalogue;
  readonly digest: string;
  readonly path: string;
}

export type ResolvedPlan = { readonly plan: DeployPlan } | { readonly problems: readonly Problem[] };

/** The catalogue has passed its contract; the input has the right types. */
export function resolvePlan({ catalogue, digest, path }: CatalogueVersion, input: DeployInput): ResolvedPlan {
  const service = own(catalogue.services, input.service);
  const environment = own(catalogue.environments, input.environment);
  const effective = service && environment ? serviceIn(service, input.environment) : undefined;
  const problems = [
    ...unknownName('service', input.service, catalogue.services),
    ...unknownName('environment', input.environment, catalogue.environments),
    ...versionProblems(input.version, effective?.build.kind),
    ...reasonProblems(input),
    ...catalogueProblems(input.expectCatalogue, digest, path),
  ];
  if (!environment || !effective || problems.length > 0) return { problems };
  const noServer = prometheusProblems(input.environment, environment, effective);
  if (noServer.length > 0) return { problems: noServer };

  const steps = effective.strategy.steps ?? defaultSteps(effective.traffic.kind);
  const shortestMs = shortestStep(steps)?.ms ?? 0;
  const surroundings = { ...effective, prometheus: environment.prometheus };
  const metrics = effective.analysis.metrics.map((metric) => resolveMetric(metric, surroundings, shortestMs));
  const approvals = approvalsOf(environment, effective);
  const plan: DeployPlan = {
    schemaVersion: 1,
    service: input.service,
    environment: input.environment,
    version: input.version,
    requestedBy: input.requestedBy ?? 'not stated',
    reason: input.reason ?? '',
    onBusy: input.onBusy ?? 'reject',
    catalogue: { digest, path },
    workload: { cluster: environment.cluster, namespace: environment.namespace, ...effective.workload },
    build: buildPlan(effective.build),
    traffic: trafficPlan(effective.traffic),
    steps: steps.map((step, index) => ({
      index,
      weightPercent: step.weight,
      durationMs: durationMs(step.duration),
      approval: step.approval ?? false,
    })),
    bakeMs: durationMs(effective.strategy.bake ?? DEFAULT_BAKE),
    analysis: { metrics, ...comparison(effective.analysis, metrics) },
    preflight: preflightModes(effective),
    requires: effective.requires ?? [],
    ...(effective.migrations && { migrations: migrationsPlan(effective.migrations) }),
    freezeWindows: environment.freezeWindows ?? [],
    ...(approvals.start?.mode === 'required' && { startApproval: approvalPlan('start', approvals.start) }),
    stepApproval: approvalPlan('step', approvals.step ?? {}),
    deadlines: resolveDeadlines(effective.deadlines ?? {}),
    intervals: resolveIntervals(
      effective.intervals ?? {},
      Math.min(...metrics.map((metric) => metric.judge.intervalMs)),
    ),
  };
  const unset = unsetVariables(plan);
  return unset.length > 0 ? { problems: unset } : { plan };
}

/** Written out only where something is compared, so that a plan of thresholds reads as it did. */
function comparison(analysis: AnalysisEntry, metrics: readonly MetricPlan[]): Omit<AnalysisPlan, 'metrics'> {
  if (!metrics.some(({ sequential }) => sequential !== undefined)) return {};
  return {
    onLowTraffic: analysis.onLowTraffic ?? 'approval',
    recordForMs: analysis.recordFor === undefined ? 0 : durationMs(analysis.recordFor),
  };
}

/** Metrics that nobody can be asked for in this environment. */
function prometheusProblems(name: string, environment: EnvironmentEntry, { analysis }: ServiceEntry): Problem[] {
  if (environment.prometheus !== undefined || analysis.prometheus !== undefined) return [];
  const asked = analysis.metrics.filter((metric) => metric.source.from === 'prometheus');
  if (asked.length === 0) return [];
  const expected = `prometheus, which ${asked.map((metric) => metric.name).join(', ')} are read from`;
  return [{ path: `environments.${name}.prometheus`, expected, found: 'nothing, nor in the analysis of the service' }];
}

/** Addresses of this plan whose variable the worker's environment does not have. */
function unsetVariables({ workload, build, traffic, analysis, migrations }: DeployPlan): Problem[] {
  const addresses: (readonly [string, string | undefined])[] = [
    ['workload.cluster.kubeconfig', workload.cluster.kubeconfig],
    ['build.repository', build.repository],
    ['build.directory', build.kind === 'localCommand' ? build.directory : undefined],
    ['traffic.weightMetric.url', traffic.weightMetric?.url],
    ['migrations.directory', migrations?.directory],
  ];
  for (const { name, source } of analysis.metrics) {
    if (source.from === 'prometheus') addresses.push(['prometheus.url', source.server.url]);
    // A router's address is mostly the one above: told once.
    if (source.from === 'router' && source.url !== traffic.weightMetric?.url) {
      addresses.push([`analysis.metrics (${name}).source.url`, source.url]);
    }
  }
  return addresses.flatMap(([path, written = '']) =>
    [...written.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)].map(([, name]) => ({
      path,
      expected: `environment variable ${name} set for the worker, to the address its machine uses`,
      found: `${name} not set, for ${written}`,
    })),
  );
}

export function own<Value>(entries: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}

export function unknownName(
  what: 'service' | 'environment',
  name: string,
  known: Readonly<Record<string, unknown>>,
): Problem[] {
  if (Object.hasOwn(known, name)) return [];
  const expected = `the name of a ${what} of the catalogue, ${oneOfText(name, Object.keys(known))}`;
  return [{ path: what, expected: expected.replace('a environment', 'an environment'), found: JSON.stringify(name) }];
}

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

function versionProblems(version: string, build: BuildEntry['kind'] | undefined): Problem[] {
  if (TAG.test(version)) return [];
  const tag = 'a version that can be an image tag: letters, digits, _ . and -, at most 128 characters, such as v1.4.2';
  if (build === 'localCommand') return [{ path: 'version', expected: tag, found: JSON.stringify(version) }];
  if (DIGEST.test(version)) return [];
  return [
    { path: 'version', expected: `${tag}, or a digest, sha256: and 64 characters`, found: JSON.stringify(version) },
  ];
}

function reasonProblems({ onBusy, reason }: DeployInput): Problem[] {
  if (onBusy !== 'preempt' || (reason ?? '').trim() !== '') return [];
  return [
    { path: 'reason', expected: 'a reason, which onBusy preempt requires: the other owner is told', found: 'nothing' },
  ];
}

function catalogueProblems(expected: string | undefined, digest: string, path: string): Problem[] {
  if (expected === undefined || digest.startsWith(expected.replace('sha256:', ''))) return [];
  return [
    {
      path: 'expectCatalogue',
      expected: `the digest of the worker's catalogue (${path}), ${digest.slice(0, 12)}`,
      found: `${JSON.stringify(expected)}: the two catalogues differ`,
    },
  ];
}

function buildPlan(build: BuildEntry): BuildPlan {
  if (build.kind === 'image') return { kind: 'image', repository: build.repository };
  return {
    kind: 'localCommand',
    command: build.command,
    directory: build.directory,
    environment: build.environment ?? {},
    timeoutMs: durationMs(build.timeout ?? '10m'),
    repository: build.repository,
  };
}

export function trafficPlan(entry: TrafficEntry): TrafficPlan {
  const { stableService, port } = entry;
  switch (entry.kind) {
    case 'httpRoute':
      return { kind: entry.kind, route: entry.route, stableService, port, ...weightMetricPlan(entry) };
    case 'istioVirtualService': {
      const { kind, virtualService, httpRoute, destinationRule, settle } = entry;
      const named = { ...(httpRoute !== undefined && { httpRoute }), ...(destinationRule && { destinationRule }) };
      const settleMs = durationMs(settle ?? DEFAULT_SETTLE);
      return { kind, route: virtualService, ...named, stableService, port, settleMs, ...weightMetricPlan(entry) };
    }
    case 'podRatio': {
      const tolerancePercent = entry.tolerance ?? DEFAULT_TOLERANCE_PERCENT;
      return { kind: entry.kind, route: stableService, stableService, port, tolerancePercent };
    }
  }
}

function weightMetricPlan({ weightMetric: metric }: TrafficEntry) {
  return metric && { weightMetric: { ...metric, labels: metric.labels ?? {} } };
}

/** Digest and number of the files are the activity's to fill in. */
function migrationsPlan(entry: MigrationsEntry): MigrationsPlan {
  return {
    database: entry.database,
    directory: entry.directory,
    digest: '',
    files: 0,
    lockWaitMs: durationMs(entry.lockWait ?? '1m'),
    lockTimeoutMs: durationMs(entry.lockTimeout ?? '5s'),
    lockTries: entry.lockTries ?? 5,
    statementTimeoutMs: durationMs(entry.statementTimeout ?? '5m'),
    deadlineMs: durationMs(entry.deadline ?? '1h'),
    ...(entry.reviewed !== undefined && { reviewed: entry.reviewed }),
  };
}

function preflightModes(service: ServiceEntry): PreflightPlan {
  const has: Readonly<Partial<Record<PreflightCheckName, boolean>>> = {
    migrations: service.migrations !== undefined,
    metrics: service.analysis.metrics.some(({ source }) => source.from === 'prometheus'),
  };
  const checks = PREFLIGHT_CHECKS.filter((check) => has[check] ?? true);
  const modes = checks.map((check) => [check, service.preflight?.[check] ?? 'required']);
  return Object.fromEntries(modes) as PreflightPlan;
}

/** The service's word goes over the environment's. */
function approvalsOf(environment: EnvironmentEntry, service: ServiceEntry): ApprovalsEntry {
  return mergeKeys(environment.approvals, service.approvals) ?? {};
}

function approvalPlan(kind: 'start' | 'step', entry: ApprovalEntry): ApprovalPlan {
  const deadlineMs = durationMs(entry.deadline ?? DEFAULT_APPROVAL_DEADLINES[kind]);
  const escalateAfterMs = entry.escalateAfter === undefined ? undefined : durationMs(entry.escalateAfter);
  return {
    deadlineMs,
    onDeadline: entry.onDeadline ?? 'reject',
    ...(escalateAfterMs !== undefined && { escalateAfterMs }),
  };
}

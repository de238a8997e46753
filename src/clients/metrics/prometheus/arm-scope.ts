/** What an arm is on the server: its label matchers, and the texts with their variables replaced. */
import type { Arm, NamedSeries } from '../../../core/model/analysis.ts';
import type { ArmTargets } from '../../../core/model/observe.ts';
import type { Labels, PrometheusSource, PromqlText } from '../../../core/model/prometheus.ts';
import { namesPods, renderTemplate, type TemplateFacts } from '../../../core/model/promql-template.ts';
import { CodedError } from '../../../errors/coded-error.ts';
import { matchersOf } from './matchers.ts';

export interface ArmScope {
  readonly arm: Arm;
  /** Pick the arm's series. */
  readonly matchers: readonly string[];
  readonly facts: TemplateFacts;
}

/** Patterns of the Pods' names; undefined for an arm without Pods. */
export type PodPatterns = Readonly<Partial<Record<Arm, string | undefined>>>;

export interface ScopeInput {
  readonly source: PrometheusSource;
  readonly namespace: string;
  readonly arms: ArmTargets;
  readonly pods: PodPatterns;
}

/** Undefined when the arm has no Pods and is told by them. `missing`: a label of the source has no value now. */
export function scopeOf(arm: Arm, { source, namespace, arms, pods }: ScopeInput): ArmScope | undefined {
  const plain: TemplateFacts = {
    arm,
    selector: '',
    namespace,
    stableService: arms.stable.backend,
    canaryService: arms.canary?.backend,
    stablePods: pods.stable,
    canaryPods: pods.canary,
  };
  const own = ownLabels(arm, source, arms, pods);
  if (own === undefined) return undefined;
  const matchers = matchersOf(rendered({ ...source.labels, ...own }, plain));
  return { arm, matchers, facts: { ...plain, selector: matchers.join(',') } };
}

function ownLabels(arm: Arm, { arms: by }: PrometheusSource, arms: ArmTargets, pods: PodPatterns): Labels | undefined {
  switch (by.by) {
    case 'pods': {
      const pattern = pods[arm];
      return pattern === undefined ? undefined : { [by.label]: `~${pattern}` };
    }
    case 'backend': {
      const target = arms[arm];
      return target && { [by.label]: target.backend };
    }
    case 'labels':
      return by[arm];
  }
}

/** A text that needs what is not there now: `missing` names the variable. */
export function renderText({ promql }: PromqlText, { facts }: ArmScope): ReturnType<typeof renderTemplate> {
  return renderTemplate(promql, facts);
}

/** A selector with the variables in its labels replaced. */
export function renderSeries({ name, labels }: NamedSeries, { facts }: ArmScope): NamedSeries {
  return { name, labels: rendered(labels, facts) };
}

function rendered(labels: Labels, facts: TemplateFacts): Labels {
  const entries = Object.entries(labels).map(([name, value]) => {
    const result = renderTemplate(value, facts);
    if ('text' in result) return [name, result.text] as const;
    throw new CodedError('InvalidInput', `label ${name}="${value}": {{${result.missing}}} has no value now`);
  });
  return Object.fromEntries(entries);
}

/** True when the cluster has to be asked for Pods. */
export function needsPods(source: PrometheusSource, texts: readonly string[]): boolean {
  const by = source.arms;
  if (by.by === 'pods') return true;
  const labels = by.by === 'labels' ? [...Object.values(by.stable), ...Object.values(by.canary)] : [];
  return [...texts, ...labels, ...Object.values(source.labels)].some(namesPods);
}

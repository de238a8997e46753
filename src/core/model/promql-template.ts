/** Variables in a PromQL text and in label values: `{{name}}`. */
import type { Arm } from './analysis.ts';

/** What stands for a variable; undefined: there is no such thing now (no canary in the bake). */
export interface TemplateFacts {
  readonly arm: Arm;
  /** Label matchers that pick the arm, without braces. */
  readonly selector: string;
  readonly namespace: string;
  readonly stableService: string;
  readonly canaryService: string | undefined;
  /** Patterns of the Pods' names of each arm (`podsPattern`); undefined when there are none. */
  readonly stablePods: string | undefined;
  readonly canaryPods: string | undefined;
}

const VARIABLES: Readonly<Record<string, (facts: TemplateFacts) => string | undefined>> = {
  arm: ({ arm }) => arm,
  'arm.selector': ({ selector }) => selector,
  'arm.service': (facts) => (facts.arm === 'stable' ? facts.stableService : facts.canaryService),
  'arm.pods': (facts) => (facts.arm === 'stable' ? facts.stablePods : facts.canaryPods),
  namespace: ({ namespace }) => namespace,
  stableService: ({ stableService }) => stableService,
  canaryService: ({ canaryService }) => canaryService,
  stablePods: ({ stablePods }) => stablePods,
  canaryPods: ({ canaryPods }) => canaryPods,
};

/** Names of all variables, for people. */
export const TEMPLATE_VARIABLES: readonly string[] = Object.keys(VARIABLES);

const PLACE = /\{\{\s*([A-Za-z.]+)\s*\}\}/g;

/** The variables a text uses, each once, known or not. */
export function variablesIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(PLACE)].map(([, name = '']) => name))];
}

/** True when the text differs between the arms. */
export function namesArm(text: string): boolean {
  return variablesIn(text).some((name) => name === 'arm' || name.startsWith('arm.'));
}

/** True when the text needs a canary, so that it says nothing in the bake. */
export function needsCanary(text: string): boolean {
  return variablesIn(text).some((name) => name.startsWith('canary'));
}

/** True when the text names Pods, so that somebody has to list them. */
export function namesPods(text: string): boolean {
  return variablesIn(text).some((name) => /pods$/i.test(name));
}

export type Rendered = { readonly text: string } | { readonly missing: string };

/**
 * The text with its variables replaced; `missing` names the first one that has no value now.
 *
 * Example: `sum(up{{{arm.selector}}})` with selector `pod="a"` gives `sum(up{pod="a"})`.
 */
export function renderTemplate(text: string, facts: TemplateFacts): Rendered {
  let missing: string | undefined;
  const rendered = text.replaceAll(PLACE, (written, name: string) => {
    const value = VARIABLES[name]?.(facts);
    if (value === undefined) missing ??= name;
    return value ?? written;
  });
  return missing === undefined ? { text: rendered } : { missing };
}

/**
 * A regular expression that matches these Pods' names and nothing else, good within any kind of PromQL quotes: a dot is
 * written as a class, so that no backslash is needed. Undefined for no Pods: an empty pattern would match series that
 * lack the label.
 */
export function podsPattern(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  return [...names]
    .sort()
    .map((name) => name.replaceAll('.', '[.]'))
    .join('|');
}

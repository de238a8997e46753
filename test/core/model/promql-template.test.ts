import { describe, expect, it } from 'vitest';
import {
  namesArm,
  needsCanary,
  podsPattern,
  renderTemplate,
  type TemplateFacts,
  variablesIn,
} from '../../../src/core/model/promql-template.ts';

const FACTS: TemplateFacts = {
  arm: 'canary',
  selector: 'pod=~"c-1|c-2"',
  namespace: 'crm',
  stableService: 'crm-api',
  canaryService: 'crm-api-canary-7',
  stablePods: 's-1',
  canaryPods: 'c-1|c-2',
};

describe('a text with variables', () => {
  it.each([
    { text: 'up', is: 'up' },
    { text: 'up{{{arm.selector}}}', is: 'up{pod=~"c-1|c-2"}' },
    { text: 'up{ {{ arm.selector }}, code="200"}', is: 'up{ pod=~"c-1|c-2", code="200"}' },
    { text: 'up{ns="{{namespace}}",svc="{{arm.service}}"}', is: 'up{ns="crm",svc="crm-api-canary-7"}' },
    { text: 'a{pod=~"{{canaryPods}}"} / a{pod=~"{{stablePods}}"}', is: 'a{pod=~"c-1|c-2"} / a{pod=~"s-1"}' },
    { text: '{{arm}} {{arm.pods}} {{stableService}} {{canaryService}}', is: 'canary c-1|c-2 crm-api crm-api-canary-7' },
  ])('$text is $is', ({ text, is }) => {
    expect(renderTemplate(text, FACTS)).toEqual({ text: is });
  });
  it('is none while something is not there', () => {
    const bake = { ...FACTS, arm: 'stable', canaryService: undefined, canaryPods: undefined } as const;
    expect(renderTemplate('{{stableService}} {{canaryPods}} {{canaryService}}', bake)).toEqual({
      missing: 'canaryPods',
    });
    expect(renderTemplate('{{arm.service}}', bake)).toEqual({ text: 'crm-api' });
  });
  it.each([
    { text: 'up', variables: [], arm: false, canary: false },
    { text: '{{arm.pods}} {{arm.pods}}', variables: ['arm.pods'], arm: true, canary: false },
    { text: '{{canaryService}} {{namespace}}', variables: ['canaryService', 'namespace'], arm: false, canary: true },
    { text: '{{army}}', variables: ['army'], arm: false, canary: false },
  ])('$text uses $variables', ({ text, variables, arm, canary }) => {
    expect([variablesIn(text), namesArm(text), needsCanary(text)]).toEqual([variables, arm, canary]);
  });
});

describe('a pattern of Pods', () => {
  it('matches these names only, in any quotes, and is none for none', () => {
    expect(podsPattern(['web-b', 'web.a'])).toBe('web-b|web[.]a');
    expect(podsPattern([])).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { backendsText, foreignChanges, foreignText, unknownParts } from '../../../src/core/analysis/standing.ts';
import type { Standing } from '../../../src/core/model/observe.ts';
import { BACKENDS, errorRatio, observeInput, STANDING } from './fixtures.ts';

const INPUT = observeInput([errorRatio()]);
const route = (backends: readonly { service: string; port: number; weight: number }[], fence?: string): Standing => ({
  ...STANDING,
  route: { seen: 'present', backends, ...(fence === undefined ? {} : { fence }) },
});
const [STABLE, CANARY] = BACKENDS;

describe('what stands', () => {
  it.each([
    { when: 'all is as it was written', standing: STANDING },
    {
      when: 'the same shares stand in other numbers',
      standing: route([
        { ...STABLE, weight: 9 },
        { ...CANARY, weight: 1 },
      ]),
    },
    { when: 'the backends stand in another order', standing: route([CANARY, STABLE]) },
    { when: 'the fence is ours', standing: route(BACKENDS, '7/12') },
    { when: 'the fence is older', standing: route(BACKENDS, '6/99') },
    { when: 'the fence is not readable', standing: route(BACKENDS, 'hello') },
    {
      when: 'nothing could be read',
      standing: {
        route: { seen: 'unknown', problem: '500' },
        stable: { seen: 'unknown', problem: '500' },
        canary: { seen: 'unknown', problem: '500' },
        appliedPercent: null,
      } satisfies Standing,
    },
  ])('is no foreign change when $when', ({ standing }) => {
    expect(foreignChanges(INPUT, standing)).toEqual([]);
  });

  it.each([
    {
      when: 'weights were changed',
      standing: route([
        { ...STABLE, weight: 50 },
        { ...CANARY, weight: 50 },
      ]),
      says: 'HTTPRoute crm/crm-api backends: expected crm-api-canary-7:80 10 %, crm-api:80 90 %, observed crm-api-canary-7:80 50 %, crm-api:80 50 %',
    },
    {
      when: 'a backend was removed',
      standing: route([STABLE]),
      says: 'HTTPRoute crm/crm-api backends: expected crm-api-canary-7:80 10 %, crm-api:80 90 %, observed crm-api:80 100 %',
    },
    {
      when: 'no rule is left',
      standing: route([]),
      says: 'HTTPRoute crm/crm-api backends: expected crm-api-canary-7:80 10 %, crm-api:80 90 %, observed none',
    },
    {
      when: 'the route was deleted',
      standing: { ...STANDING, route: { seen: 'missing' } } satisfies Standing,
      says: 'HTTPRoute crm/crm-api route: expected present, observed missing',
    },
    {
      when: 'a newer owner stamped the route',
      standing: route(BACKENDS, '8/0'),
      says: 'HTTPRoute crm/crm-api mainstay.dev/fence-crm-api: expected term 7, observed term 8',
    },
    {
      when: 'the stable image was changed',
      standing: { ...STANDING, stable: { seen: 'present', image: 'crm:hotfix' } } satisfies Standing,
      says: 'Deployment crm/crm-api image: expected crm@sha256:old, observed crm:hotfix',
    },
    {
      when: 'the container is gone',
      standing: { ...STANDING, stable: { seen: 'present', image: null } } satisfies Standing,
      says: 'Deployment crm/crm-api image: expected crm@sha256:old, observed no such container',
    },
    {
      when: 'the canary was scaled',
      standing: { ...STANDING, canary: { seen: 'present', image: 'crm@sha256:new', replicas: 0 } } satisfies Standing,
      says: 'Deployment crm/crm-api-canary-7 replicas: expected 1, observed 0',
    },
    {
      when: 'the canary was deleted',
      standing: { ...STANDING, canary: { seen: 'missing' } } satisfies Standing,
      says: 'Deployment crm/crm-api-canary-7 deployment: expected present, observed missing',
    },
  ])('is a foreign change when $when', ({ standing, says }) => {
    expect(foreignText(foreignChanges(INPUT, standing))).toBe(says);
  });

  it('says what could not be read', () => {
    expect(unknownParts(STANDING)).toBeUndefined();
    expect(unknownParts({ ...STANDING, route: { seen: 'unknown', problem: 'HTTP 500' } })).toBe('route: HTTP 500');
  });
  it('shows weights of 0 as such', () => {
    expect(backendsText([{ ...STABLE, weight: 0 }])).toBe('crm-api:80 0 %');
  });
});

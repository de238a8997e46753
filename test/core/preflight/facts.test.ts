import { describe, expect, it } from 'vitest';
import { assessPreflight } from '../../../src/core/preflight/assess-preflight.ts';
import { type PreflightFacts, trimDeployment, trimRoute, trimService } from '../../../src/core/preflight/facts.ts';
import type { Deployment } from '../../../src/core/rollout/workload.ts';
import { now, plan } from './changed-facts.ts';
import { deployment, route, service, sound } from './facts-of-a-sound-service.ts';

describe('trimming', () => {
  it('keeps what the checks read and drops the environment', () => {
    const template = {
      metadata: { labels: { app: 'a' }, annotations: { note: 'n' } },
      spec: { containers: [{ name: 'app', image: 'i', env: [{ name: 'TOKEN', value: 'plain-secret' }] }], volumes: [] },
    };
    const whole = {
      ...deployment,
      metadata: { ...deployment.metadata, managedFields: [], uid: 'u' },
      spec: { ...deployment.spec, revisionHistoryLimit: 0, paused: false, template },
    } as Deployment;
    const trimmed = trimDeployment(whole);
    expect(JSON.stringify(trimmed)).not.toMatch(/plain-secret|managedFields|volumes/);
    expect(trimmed.spec).toMatchObject({ replicas: 3, revisionHistoryLimit: 0, paused: false });
    expect(
      assessPreflight({ ...sound, deployment: { seen: 'present', object: trimmed } }, plan, now).find(
        (each) => each.name === 'history',
      )?.result,
    ).toBe('fail');
  });

  it('changes no answer of a sound service', () => {
    const facts: PreflightFacts = {
      ...sound,
      deployment: { seen: 'present', object: trimDeployment(deployment) },
      service: { seen: 'present', object: trimService(service) },
      route: { seen: 'present', object: trimRoute(route) },
    };
    expect(assessPreflight(facts, plan, now)).toEqual(assessPreflight(sound, plan, now));
  });
});

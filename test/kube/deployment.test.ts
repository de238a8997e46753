import { describe, expect, it } from 'vitest';
import { expectNoneFailed, ofCanaries } from '../harness/e2e/router-counts.ts';
import { useE2e } from '../harness/e2e.ts';
import { isMissing } from '../harness/tools.ts';
import { isControlPlaneMissing, startControlPlane } from './harness/control-plane.ts';
import { startParts } from './harness/parts.ts';

const LADDER_FROM = (weight: number, duration: string) => [
  { weight, duration },
  { weight: 100, duration: '10s' },
];

describe.skipIf(isMissing('temporal') || isControlPlaneMissing())('a deployment on a real API server', () => {
  const e2e = useE2e({
    versions: ['v1.4.2', 'v1.5.0-errors'],
    cluster: async (stateDir) => {
      const plane = await startControlPlane();
      try {
        const parts = await startParts(plane, stateDir);
        const close = async (): Promise<void> => {
          try {
            await parts.close();
          } finally {
            await plane.close();
          }
        };
        return { ...parts, close };
      } catch (error) {
        await plane.close();
        throw error;
      }
    },
  });

  it.concurrent('promotes a good version, and no request fails because of it', async () => {
    const stage = await e2e().stage('good');
    const before = await stage.standing();
    const ended = await e2e().mainstay(['deploy', 'crm-api', '-e', 'good', '--version', 'v1.4.2']);
    expect(`${ended.code} ${ended.stderr}${ended.stdout}`).toMatch(/^0 /);
    expect(ended.stdout).toContain('PROMOTED  crm-api v1.4.2 in good');
    expect(await stage.whyNotS1({ ...before, image: e2e().image('v1.4.2') })).toBeUndefined();
    expect(await stage.version()).toBe('v1.4.2');
    const counts = await stage.counts();
    expect(ofCanaries(counts).requests).toBeGreaterThan(10);
    expectNoneFailed(counts);
  });

  it.concurrent('rolls a version with errors back, and restores what was there', async () => {
    // 8 of 100 requests fail: half of the traffic tells within seconds.
    const analysis = { interval: '2s', count: 5, failureLimit: 0, minRequests: 10 };
    const stage = await e2e().stage('errors', { strategy: { steps: LADDER_FROM(50, '30s') }, analysis });
    const before = await stage.standing();
    const result = await (await stage.deploy('v1.5.0-errors')).result();
    expect(await stage.whyNotS1(before)).toBeUndefined();
    expect(`${result.outcome} ${result.reasonCode}: ${result.reason}`).toMatch(/^rolledBack AnalysisFailed: /);
    expect(result.restored.map(({ restored }) => restored)).not.toContain(false);
    expect(await stage.version()).toBe('v1.4.1');
    expect(await stage.canaryName()).toBeUndefined();
  });
});

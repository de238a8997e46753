import { describe, expect, it } from 'vitest';
import { DIAL_ANNOTATION } from '../../../src/clients/kubernetes/pod-address.ts';
import type { Pod } from '../../../src/sandbox/cluster/kube/objects.ts';
import { podTargets } from '../../../src/sandbox/prometheus/pod-targets.ts';

interface Told {
  readonly phase?: string;
  readonly deletionTimestamp?: string;
  readonly annotations?: Record<string, string>;
  readonly ports?: { containerPort: number }[];
}

function pod({ phase = 'Running', annotations = {}, ports = [{ containerPort: 8080 }], ...more }: Told = {}): Pod {
  return {
    metadata: {
      name: 'web-1',
      namespace: 'shop',
      labels: { app: 'web', 'mainstay.dev/track': 'stable' },
      annotations: { [DIAL_ANNOTATION]: '{"8080":"127.0.0.1:41233"}', ...annotations },
      ...more,
    },
    spec: { containers: [{ name: 'app', ports }] },
    status: { phase },
  };
}

describe('what Prometheus scrapes of the pods', () => {
  it('is where they can be dialled, with what they are called', () => {
    expect(podTargets([pod()])).toEqual([
      {
        targets: ['127.0.0.1:41233'],
        labels: { app: 'web', mainstay_dev_track: 'stable', namespace: 'shop', pod: 'web-1' },
      },
    ]);
  });
  it('is on another page when the pod says so', () => {
    const [target] = podTargets([pod({ annotations: { 'prometheus.io/path': '/stats' } })]);
    expect(target?.labels).toMatchObject({ __metrics_path__: '/stats' });
  });
  it.each([
    { when: 'it does not run', told: { phase: 'Pending' } },
    { when: 'it is on its way out', told: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
    { when: 'it does not want to be', told: { annotations: { 'prometheus.io/scrape': 'false' } } },
    { when: 'it has no port', told: { ports: [] } },
  ])('is nothing of a pod when $when', ({ told }) => {
    expect(podTargets([pod(told)])).toEqual([]);
  });
});

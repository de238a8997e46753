import { describe, expect, it, vi } from 'vitest';
import { isMissing } from '../../../harness/tools.ts';
import { deployment, kubectlFor, pod, startServer, tableRows } from './support.ts';

const POLL = { timeout: 10_000, interval: 25 };

describe.skipIf(isMissing('kubectl'))('kubectl', () => {
  it('creates, lists as a table, narrows by label and shows wide columns', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    expect(await kubectl('create -f -', deployment('web'))).toBe('deployment.apps/web created\n');
    await kubectl('create -f -', deployment('api'));
    const rows = tableRows(await kubectl('get deployments'));
    expect(rows[0]).toEqual(['NAME', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'AGE']);
    expect(rows[1]?.slice(0, 4)).toEqual(['api', '0/2', '0', '0']);
    expect(tableRows(await kubectl('get deploy -o wide'))[2]?.slice(5)).toEqual([
      'web',
      'registry.example.com/web:1',
      'app=web',
    ]);
    await kubectl('label deploy web tier=front');
    expect(await kubectl('get deploy -l tier=front -o name')).toBe('deployment.apps/web\n');
    expect(await kubectl('get deploy -l tier!=front -o name')).toBe('deployment.apps/api\n');
    expect(await kubectl('get all -o name')).toBe('deployment.apps/api\ndeployment.apps/web\n');
  });

  it('prints objects as yaml and json with the defaults of a real server', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    await kubectl('create -f -', deployment('web'));
    expect(await kubectl('get deploy web -o yaml')).toContain('  revisionHistoryLimit: 10\n');
    const parsed = JSON.parse(await kubectl('get deploy web -o json'));
    expect(parsed.spec.strategy).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' },
    });
    expect(parsed.metadata.generation).toBe(1);
    expect(await kubectl('get deploy web -o jsonpath={.spec.progressDeadlineSeconds}')).toBe('600');
  });

  it('watches as a table', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    await kubectl('create -f -', deployment('web'));
    const watch = kubectl.start('get deploy -w');
    await vi.waitFor(() => expect(watch.output()).toContain('0/2'), POLL);
    await kubectl('scale deploy web --replicas=5');
    await vi.waitFor(() => expect(watch.output()).toContain('0/5'), POLL);
    expect(watch.output().match(/NAME/g)).toHaveLength(1);
  });

  it('is told how to go without protobuf', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    const imperative = await kubectl.run(['create', 'configmap', 'settings', '--from-literal=a=b']);
    expect(imperative.stderr).toContain('--dry-run=client -o yaml');
  });

  it('shows one row of each kind', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    };
    await kubectl('create -f -', service);
    expect(tableRows(await kubectl('get svc'))[1]?.slice(0, 5)).toEqual([
      'web',
      'ClusterIP',
      '10.96.0.10',
      '<none>',
      '80/TCP',
    ]);
    await kubectl('create -f -', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'key' },
      stringData: { token: 'x' },
    });
    expect(tableRows(await kubectl('get secrets'))[1]?.slice(0, 3)).toEqual(['key', 'Opaque', '1']);
    expect(await kubectl('get secret key -o jsonpath={.data.token}')).toBe('eA==');
    await kubectl('create -f -', pod('one'));
    expect(tableRows(await kubectl('get pods -o wide'))[1]).toEqual([
      'one',
      '0/1',
      'Pending',
      '0',
      expect.any(String),
      '<none>',
      '<none>',
      '<none>',
      '<none>',
    ]);
    const columns = await kubectl('api-resources --no-headers');
    for (const kind of [
      'Namespace',
      'Pod',
      'Deployment',
      'ReplicaSet',
      'Service',
      'EndpointSlice',
      'ConfigMap',
      'Secret',
      'Event',
      'Node',
      'Gateway',
      'HTTPRoute',
      'SelfSubjectAccessReview',
    ])
      expect(columns).toMatch(new RegExp(`\\b${kind}\\n`));
  });
});

import { describe, expect, it, vi } from 'vitest';
import { isMissing } from '../../../harness/tools.ts';
import { call, configMap, deployment, kubectlFor, pod, startServer, template } from './support.ts';

const POLL = { timeout: 10_000, interval: 25 };

describe.skipIf(isMissing('kubectl'))('kubectl', () => {
  it('creates, lists as a table, narrows by label and shows wide columns', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    expect(await kubectl('create -f -', deployment('web'))).toBe('deployment.apps/web created\n');
    await kubectl('create -f -', deployment('api'));
    const rows = lines(await kubectl('get deployments'));
    expect(rows[0]).toEqual(['NAME', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'AGE']);
    expect(rows[1]?.slice(0, 4)).toEqual(['api', '0/2', '0', '0']);
    expect(lines(await kubectl('get deploy -o wide'))[2]?.slice(5)).toEqual([
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

  it('applies three-way: keeps the fields of others, removes its own, writes nothing twice', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    const env = (entries: Record<string, string>) => ({
      ...template('web'),
      spec: {
        containers: [
          {
            name: 'web',
            image: 'registry.example.com/web:1',
            env: Object.entries(entries).map(([name, value]) => ({ name, value })),
          },
        ],
      },
    });
    expect(await kubectl('apply -f -', deployment('web', { template: env({ MINE: '1', OLD: '1' }) }))).toContain(
      'created',
    );
    await kubectl('set env deploy/web THEIRS=2');
    await kubectl('scale deploy web --replicas=7');
    const wanted = deployment('web', { template: env({ MINE: '2' }), replicas: undefined });
    expect(await kubectl('apply -f -', wanted)).toContain('configured');
    const { resourceVersion } = JSON.parse(await kubectl('get deploy web -o json')).metadata;
    await kubectl('apply -f -', wanted);
    expect(await kubectl('get deploy web -o jsonpath={.metadata.resourceVersion}')).toBe(resourceVersion);
    await kubectl('apply -f -', configMap('settings'));
    expect(await kubectl('apply -f -', configMap('settings'))).toContain('unchanged');
    const stored = JSON.parse(await kubectl('get deploy web -o json'));
    expect(stored.spec.template.spec.containers[0].env).toEqual([
      { name: 'MINE', value: '2' },
      { name: 'THEIRS', value: '2' },
    ]);
  });

  it('applies custom resources by merge patch', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    const route = (weight: number) => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'web' },
      spec: { parentRefs: [{ name: 'edge' }], rules: [{ backendRefs: [{ name: 'web', port: 80, weight }] }] },
    });
    await kubectl('apply -f -', route(90));
    await kubectl('apply -f -', route(100));
    expect(
      await kubectl('get httproute web -o jsonpath={.spec.rules[0].backendRefs[0].weight}/{.metadata.generation}'),
    ).toBe('100/2');
    const typo = { ...route(1), spec: { rules: [{ backendRefs: [{ name: 'web', port: 80, weigth: 1 }] }] } };
    const refused = await kubectl.run(['apply', '-f', '-'], typo);
    expect(refused.stderr).toContain('unknown field "spec.rules[0].backendRefs[0].weigth"');
  });

  it.each([
    { type: 'strategic', patch: '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"b:2"}]}}}}' },
    { type: 'json', patch: '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"b:2"}]' },
    { type: 'merge', patch: '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"b:2"}]}}}}' },
  ])('patches by $type patch', async ({ type, patch }) => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    await kubectl('create -f -', deployment('web'));
    await kubectl(`patch deploy web --type=${type} -p '${patch}'`);
    const [container] = JSON.parse(await kubectl('get deploy web -o json')).spec.template.spec.containers;
    expect(container.image).toBe('b:2');
    // Only a strategic patch merges into the list item; the merge patch replaces the whole list.
    expect(container.ports === undefined).toBe(type === 'merge');
  });

  it('scales, and only from the count it was told', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    await kubectl('create -f -', deployment('web'));
    await kubectl('scale deploy web --replicas=4');
    expect(await kubectl('get deploy web -o jsonpath={.spec.replicas}')).toBe('4');
    const refused = await kubectl.run(['scale', 'deploy', 'web', '--current-replicas=3', '--replicas=9']);
    expect(refused.stderr).toContain('xpected replicas to be 3, was 4');
    expect(await kubectl('scale deploy web --current-replicas=4 --replicas=1')).toContain('scaled');
  });

  it('follows a rollout, shows its history and undoes it', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    await kubectl('create -f -', deployment('web'));
    const { metadata } = JSON.parse(await kubectl('get deploy web -o json'));
    await createRevision(url, metadata.uid, 1, 'registry.example.com/web:1');
    await createRevision(url, metadata.uid, 2, 'registry.example.com/web:2');
    await kubectl('annotate deploy web deployment.kubernetes.io/revision=2');
    await kubectl('set image deploy/web web=registry.example.com/web:2');
    const status = kubectl.start('rollout status deploy/web --timeout=30s');
    await vi.waitFor(() => expect(status.output()).toContain('Waiting for deployment'), POLL);
    const generation = Number(await kubectl('get deploy web -o jsonpath={.metadata.generation}'));
    const counts = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
    await call(url, 'PATCH', '/apis/apps/v1/namespaces/default/deployments/web/status', {
      status: { observedGeneration: generation, ...counts },
    });
    await vi.waitFor(() => expect(status.output()).toContain('successfully rolled out'), POLL);
    expect(await kubectl('rollout history deploy/web')).toMatch(/1 .*\n2 /);
    expect(await kubectl('rollout history deploy/web --revision=1')).toContain('registry.example.com/web:1');
    expect(await kubectl('rollout undo deploy/web --to-revision=1')).toContain('rolled back');
    expect(await kubectl('get deploy web -o jsonpath={.spec.template.spec.containers[0].image}')).toBe(
      'registry.example.com/web:1',
    );
    await kubectl('rollout restart deploy/web');
    expect(await kubectl('get deploy web -o yaml')).toContain('kubectl.kubernetes.io/restartedAt');
  });

  it('deletes with its dependents, or without, and waits for the end', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    for (const cascade of ['background', 'foreground', 'orphan']) {
      await kubectl('create -f -', deployment('web'));
      const { metadata } = JSON.parse(await kubectl('get deploy web -o json'));
      await createRevision(url, metadata.uid, 1, 'registry.example.com/web:1');
      expect(await kubectl(`delete deploy web --cascade=${cascade}`)).toContain('deleted');
      expect((await kubectl.run(['get', 'deploy', 'web'])).stderr).toContain('NotFound');
      const kept = cascade === 'orphan' ? 'replicaset.apps/web-1\n' : '';
      await vi.waitFor(async () => expect(await kubectl('get rs -o name')).toBe(kept), POLL);
    }
    await kubectl('create -f -', configMap('a'));
    expect(await kubectl('delete cm --all')).toContain('configmap "a" deleted');
  });

  it('deletes a running pod with grace, or at once by force', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    await kubectl('create -f -', pod('one', { nodeName: 'node-1' }));
    await kubectl('delete pod one --wait=false --grace-period=20');
    expect(lines(await kubectl('get pods'))[1]?.slice(0, 3)).toEqual(['one', '0/1', 'Terminating']);
    expect(await kubectl('get pod one -o jsonpath={.metadata.deletionGracePeriodSeconds}')).toBe('20');
    await kubectl('delete pod one --force --grace-period=0');
    expect(await kubectl('get pods -o name')).toBe('');
  });

  it('deletes a namespace with all that is in it', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    await kubectl('create -f -', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    await kubectl('create -n shop -f -', deployment('web'));
    await kubectl('create -n shop -f -', configMap('settings'));
    expect(lines(await kubectl('get ns'))).toContainEqual(['shop', 'Active', expect.any(String)]);
    await kubectl('delete ns shop');
    expect(await kubectl('get deploy,cm -A -o name')).toBe('');
    const refused = await kubectl.run(['create', '-n', 'shop', '-f', '-'], configMap('late'));
    expect(refused.stderr).toContain('namespaces "shop" not found');
  });

  it('waits for conditions, edits labels and annotations, runs dry', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    await kubectl('create -f -', pod('one'));
    const waiting = kubectl('wait pod/one --for=condition=Ready --timeout=20s');
    await call(url, 'PATCH', '/api/v1/namespaces/default/pods/one/status', {
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    expect(await waiting).toContain('condition met');
    await kubectl('annotate pod one note=1');
    await kubectl('annotate pod one note-');
    expect(await kubectl('get pod one -o jsonpath={.metadata.annotations}')).toBe('');
    expect(await kubectl('create --dry-run=server -f -', pod('two'))).toContain('created (server dry run)');
    expect(await kubectl('get pods -o name')).toBe('pod/one\n');
    expect(await kubectl('auth can-i list pods').catch(String)).toContain('JSON only');
  });

  it('is told how to go without protobuf and without server-side apply', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    const imperative = await kubectl.run(['create', 'configmap', 'settings', '--from-literal=a=b']);
    expect(imperative.stderr).toContain('--dry-run=client -o yaml');
    const serverSide = await kubectl.run(['apply', '--server-side', '-f', '-'], configMap('settings'));
    expect(serverSide.stderr).toContain('without --server-side');
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
    expect(lines(await kubectl('get svc'))[1]?.slice(0, 5)).toEqual([
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
    expect(lines(await kubectl('get secrets'))[1]?.slice(0, 3)).toEqual(['key', 'Opaque', '1']);
    expect(await kubectl('get secret key -o jsonpath={.data.token}')).toBe('eA==');
    await kubectl('create -f -', pod('one'));
    expect(lines(await kubectl('get pods -o wide'))[1]).toEqual([
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

function lines(output: string): string[][] {
  return output
    .trim()
    .split('\n')
    .map((line) => line.split(/\s{2,}/).map((cell) => cell.trim()));
}

async function createRevision(url: string, owner: string, revision: number, image: string): Promise<void> {
  const labels = { app: 'web', 'pod-template-hash': String(revision) };
  const created = await call(url, 'POST', '/apis/apps/v1/namespaces/default/replicasets', {
    metadata: {
      name: `web-${revision}`,
      labels,
      annotations: { 'deployment.kubernetes.io/revision': String(revision) },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: 'web',
          uid: owner,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: { selector: { matchLabels: labels }, template: { ...template('web', image), metadata: { labels } } },
  });
  expect(created.code).toBe(201);
}

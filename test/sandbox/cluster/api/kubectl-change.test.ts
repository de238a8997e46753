import { describe, expect, it, vi } from 'vitest';
import { isMissing } from '../../../harness/tools.ts';
import { call, configMap, createRevision, deployment, kubectlFor, startServer, template } from './support.ts';

const POLL = { timeout: 10_000, interval: 25 };

describe.skipIf(isMissing('kubectl'))('kubectl', () => {
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
});

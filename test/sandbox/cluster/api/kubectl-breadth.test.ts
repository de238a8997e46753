import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isMissing } from '../../../harness/tools.ts';
import { call, configMap, deployment, type Kubectl, kubectlFor, pod, startServer } from './support.ts';

const GATEWAY = 'gateway.networking.k8s.io/v1';
const BACKEND = { service: { name: 'web', port: { number: 80 } } };
/** One object of each kind that people look at. */
const OBJECTS = [
  { ...deployment('web'), spec: { ...deployment('web').spec, replicas: 1 } },
  { ...deployment('set'), kind: 'ReplicaSet' },
  pod('one', { labels: { app: 'web' } }),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  },
  configMap('settings'),
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, stringData: { token: 'x' } },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'once' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'a:1' }] } } },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'edge' },
    spec: {
      rules: [{ host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend: BACKEND }] } }],
    },
  },
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'scaler' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 5 },
  },
  { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'lease' }, spec: { holderIdentity: 'one' } },
  { apiVersion: GATEWAY, kind: 'HTTPRoute', metadata: { name: 'web' }, spec: { parentRefs: [{ name: 'edge' }] } },
  { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node' } },
];

describe.skipIf(isMissing('kubectl'))('kubectl', () => {
  it('describes every kind, lists all of them, and names what the server has', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    await kubectl('create -f -', { apiVersion: 'v1', kind: 'List', items: OBJECTS });
    const looks: Record<string, RegExp> = {
      'describe deploy web': /Replicas: +1 desired[\s\S]*StrategyType: +RollingUpdate/,
      'describe rs set': /Pods Status:/,
      'describe pod one': /Image: +registry\.example\.com\/web:1/,
      'describe svc web': /TargetPort: +80\/TCP/,
      'describe cm settings': /key:\n-+\nvalue/,
      'describe secret key': /token: +1 bytes/,
      'describe job once': /Completions: +1[\s\S]*Pods Statuses:/,
      'describe ingress edge': /a\.example\.com/,
      'describe hpa scaler': /Max replicas: +5/,
      'describe lease lease': /Holder Identity: +one/,
      'describe httproute web': /Parent Refs:/,
      'describe node node': /Non-terminated Pods:/,
      'describe ns default': /Status: +Active/,
      'get jobs,ing,hpa':
        /job\.batch\/once +Running +0\/1[\s\S]*a\.example\.com[\s\S]*Deployment\/web +cpu: <unknown>\/80% +1 +5/,
      'get all':
        /pod\/one[\s\S]*service\/web[\s\S]*deployment\.apps\/web[\s\S]*replicaset\.apps\/set[\s\S]*autoscaling\/scaler[\s\S]*job\.batch\/once/,
      'api-versions': /apps\/v1\nauthorization\.k8s\.io\/v1\nautoscaling\/v2\nbatch\/v1/,
      'api-resources --verbs=list --namespaced -o name': /deployments\.apps/,
    };
    const outputs = await inTurns(kubectl, Object.keys(looks));
    for (const [command, wanted] of Object.entries(looks)) expect(`${command}\n${outputs[command]}`).toMatch(wanted);
  });

  it('changes objects in every way it has', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    await kubectl('create -f -', {
      apiVersion: 'v1',
      kind: 'List',
      items: [deployment('web'), configMap('settings'), pod('one')],
    });
    await Promise.all([
      kubectl('label deploy web tier=front'),
      kubectl('annotate cm settings note=a'),
      kubectl('annotate pod one mainstay.dev/fence=1.2 --overwrite'),
    ]);
    await kubectl('set image deploy/web web=registry.example.com/web:2');
    await kubectl('rollout restart deploy/web');
    const replaced = await kubectl('replace -f -', configMap('settings', { other: 'value' }));
    expect(replaced).toContain('configmap/settings replaced');
    expect((await kubectl.run(['replace', '-f', '-'], configMap('absent'))).stderr).toContain('NotFound');
    const stored = JSON.parse(await kubectl('get deploy/web cm/settings pod/one -o json')) as {
      items: Record<string, unknown>[];
    };
    expect(stored.items).toMatchObject([
      {
        metadata: { labels: { tier: 'front' } },
        spec: {
          template: {
            metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': expect.any(String) } },
            spec: { containers: [{ image: 'registry.example.com/web:2' }] },
          },
        },
      },
      { data: { other: 'value' } },
      { metadata: { annotations: { 'mainstay.dev/fence': '1.2' } } },
    ]);
    const waiting = kubectl('wait pod/one --for=condition=Ready --timeout=30s');
    await call(url, 'PATCH', '/api/v1/namespaces/default/pods/one/status', {
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    expect(await waiting).toContain('condition met');
  });

  it('edits, and shows what an apply would change', async () => {
    const { url } = await startServer();
    const folder = mkdtempSync(join(tmpdir(), 'editor-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const editor = join(folder, 'editor');
    writeFileSync(editor, '#!/bin/sh\nsed -i "s/key: value/key: edited/" "$1"\n');
    chmodSync(editor, 0o755);
    const kubectl = kubectlFor(url, { KUBE_EDITOR: editor });
    await kubectl('apply -f -', configMap('settings'));
    expect(await kubectl('edit cm settings')).toContain('configmap/settings edited');
    const { code, stdout } = await kubectl.run(['diff', '-f', '-'], configMap('settings', { key: 'applied' }));
    expect([code, stdout]).toEqual([1, expect.stringMatching(/-  key: edited\n\+  key: applied/)]);
    expect((await kubectl.run(['diff', '-f', '-'], configMap('settings', { key: 'edited' }))).stdout).not.toContain(
      'applied',
    );
    expect(await kubectl('get cm settings -o jsonpath={.data.key}')).toBe('edited');
  });

  it('applies on the server, with the conflicts of a real one', async () => {
    const { url } = await startServer();
    const kubectl = kubectlFor(url);
    await kubectl('apply -f -', deployment('web'));
    // Fields of the client-side apply become those of the server-side one.
    expect(await kubectl('apply --server-side -f -', deployment('web'))).toContain('serverside-applied');
    await kubectl('apply --server-side -f -', deployment('web', { replicas: 3 }));
    await kubectl('scale deploy web --replicas=7');
    const refused = await kubectl.run(['apply', '--server-side', '-f', '-'], deployment('web', { replicas: 3 }));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/conflict with "kubectl" with subresource "scale" using apps\/v1: \.spec\.replicas/);
    expect(await kubectl('get deploy web -o jsonpath={.spec.replicas}')).toBe('7');
    await kubectl('apply --server-side --force-conflicts -f -', deployment('web', { replicas: 3 }));
    expect(await kubectl('get deploy web -o jsonpath={.spec.replicas}')).toBe('3');
    const shown = await kubectl('get deploy web -o yaml --show-managed-fields');
    expect(shown).toMatch(/manager: kubectl\n +operation: Apply/);
  });
});

/** Two at a time: each of them is a process of its own. */
async function inTurns(kubectl: Kubectl, commands: readonly string[]): Promise<Record<string, string>> {
  const outputs: Record<string, string> = {};
  const left = [...commands];
  const work = async (): Promise<void> => {
    for (let command = left.shift(); command !== undefined; command = left.shift())
      outputs[command] = await kubectl(command);
  };
  await Promise.all([work(), work()]);
  return outputs;
}

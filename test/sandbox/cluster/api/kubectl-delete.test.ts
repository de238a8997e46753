import { describe, expect, it, vi } from 'vitest';
import { isMissing } from '../../../harness/tools.ts';
import { call, configMap, createRevision, deployment, kubectlFor, pod, startServer, tableRows } from './support.ts';

const POLL = { timeout: 10_000, interval: 25 };

describe.skipIf(isMissing('kubectl'))('kubectl', () => {
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
    expect(tableRows(await kubectl('get pods'))[1]?.slice(0, 3)).toEqual(['one', '0/1', 'Terminating']);
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
    expect(tableRows(await kubectl('get ns'))).toContainEqual(['shop', 'Active', expect.any(String)]);
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
});

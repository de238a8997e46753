import { beforeEach, describe, expect, it } from 'vitest';
import { call, configMap, deployment, startServer } from './support.ts';

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const APPLY = { 'content-type': 'application/apply-patch+yaml' };

let url: string;
beforeEach(async () => {
  ({ url } = await startServer());
});

const apply = (path: string, body: unknown, manager = 'team', force = false) =>
  call(url, 'PATCH', `${path}?fieldManager=${manager}${force ? '&force=true' : ''}`, body, APPLY);
const settings = (data: Record<string, string>) => configMap('settings', data);
const conflicts = (reply: { body: Record<string, unknown> }) => {
  const { causes = [] } = reply.body.details as { causes?: { message: string; field: string }[] };
  return causes.map(({ message, field }) => `${message}: ${field}`);
};

describe('server-side apply', () => {
  it('creates, changes nothing twice, and takes away what is applied no more', async () => {
    const path = `${CONFIG_MAPS}/settings`;
    expect((await apply(path, settings({ a: '1', b: '2' }))).code).toBe(201);
    const again = await apply(path, settings({ a: '1', b: '2' }));
    const first = await call(url, 'GET', path);
    expect([again.code, again.body]).toEqual([200, first.body]);
    const less = await apply(path, settings({ a: '1' }));
    expect(less.body.data).toEqual({ a: '1' });
    expect(less.body.metadata).toMatchObject({
      managedFields: [{ manager: 'team', operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {} } } }],
    });
  });

  it('leaves the fields of others alone, and keeps what two have applied until both let go', async () => {
    const path = `${CONFIG_MAPS}/settings`;
    await apply(path, settings({ a: '1', shared: 'x' }), 'one');
    await apply(path, settings({ b: '2', shared: 'x' }), 'two');
    expect((await apply(path, settings({ a: '1' }), 'one')).body.data).toEqual({ a: '1', b: '2', shared: 'x' });
    expect((await apply(path, settings({ b: '2' }), 'two')).body.data).toEqual({ a: '1', b: '2' });
  });

  it('refuses to change what another applier owns, unless it is forced', async () => {
    const path = `${CONFIG_MAPS}/settings`;
    await apply(path, settings({ a: '1' }), 'one');
    const refused = await apply(path, settings({ a: '2' }), 'two');
    expect([refused.code, refused.body.reason]).toEqual([409, 'Conflict']);
    expect(conflicts(refused)).toEqual(['conflict with "one": .data.a']);
    const forced = await apply(path, settings({ a: '2' }), 'two', true);
    expect(forced.body.data).toEqual({ a: '2' });
    expect(conflicts(await apply(path, settings({ a: '1' }), 'one'))).toEqual(['conflict with "two": .data.a']);
  });

  it('sees the writes of those who do not apply', async () => {
    const path = `${DEPLOYMENTS}/web`;
    await apply(path, deployment('web', { replicas: 2 }));
    await call(url, 'PATCH', `${path}/scale?fieldManager=autoscaler`, { spec: { replicas: 5 } });
    const refused = await apply(path, deployment('web', { replicas: 2 }));
    expect(conflicts(refused)).toEqual([
      'conflict with "autoscaler" with subresource "scale" using apps/v1: .spec.replicas',
    ]);
    const without = await apply(path, deployment('web', { replicas: undefined }));
    expect(without.body.spec).toMatchObject({ replicas: 5 });
  });

  it('owns items of lists by their keys', async () => {
    const path = `${DEPLOYMENTS}/web`;
    const withContainers = (...containers: object[]) =>
      deployment('web', { template: { metadata: { labels: { app: 'web' } }, spec: { containers } } });
    const image = 'registry.example.com/web:1';
    await apply(path, withContainers({ name: 'web', image, env: [{ name: 'A', value: '1' }] }), 'one');
    const partial = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } };
    const sidecar = { name: 'web', env: [{ name: 'B', value: '2' }] };
    const both = await apply(path, { ...partial, spec: { template: { spec: { containers: [sidecar] } } } }, 'two');
    expect(both.body).toMatchObject({
      spec: { template: { spec: { containers: [{ image, env: [{ name: 'A' }, { name: 'B' }] }] } } },
    });
    const left = await apply(path, withContainers({ name: 'web', image }), 'one');
    expect(left.body).toMatchObject({
      spec: { template: { spec: { containers: [{ env: [{ name: 'B', value: '2' }] }] } } },
    });
  });

  it('reads YAML, and refuses what cannot be applied', async () => {
    const path = `${CONFIG_MAPS}/settings`;
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { a: "1" }\n';
    expect((await apply(path, yaml)).code).toBe(201);
    expect((await call(url, 'PATCH', path, settings({}), APPLY)).code).toBe(422);
    expect((await apply(path, 'a: [')).code).toBe(400);
    expect((await apply(path, { ...settings({}), metadata: { name: 'other' } })).code).toBe(400);
    expect((await apply(path, { ...settings({}), metadata: { managedFields: [{ manager: 'x' }] } })).code).toBe(400);
    expect((await apply(`${path}?dryRun=All`, settings({ b: '1' })).catch(() => ({ code: 0 }))).code).not.toBe(201);
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesClient, KubernetesObject, ObjectAddress } from '../../../src/clients/kubernetes/port.ts';
import { resolveSecret } from '../../../src/clients/secrets/resolve-secret.ts';
import { parseSecretReference } from '../../../src/clients/secrets/secret-reference.ts';
import { CodedError } from '../../../src/errors/coded-error.ts';

describe('secret references', () => {
  it.each([
    { text: 'env:REGISTRY_TOKEN', reference: { kind: 'env', name: 'REGISTRY_TOKEN' } },
    { text: 'file:/run/secrets/token', reference: { kind: 'file', path: '/run/secrets/token' } },
    { text: 'k8s:shop/web/api.token', reference: { kind: 'k8s', namespace: 'shop', name: 'web', key: 'api.token' } },
    { text: 'aws-sm:prod/web#token', reference: { kind: 'aws-sm', id: 'prod/web', key: 'token' } },
    {
      text: 'aws-sm:arn:aws:secretsmanager:eu-central-1:1:secret:web#token',
      reference: { kind: 'aws-sm', id: 'arn:aws:secretsmanager:eu-central-1:1:secret:web', key: 'token' },
    },
  ])('$text is read', ({ text, reference }) => {
    expect(parseSecretReference(text)).toEqual(reference);
  });

  it.each([
    '',
    'hunter2',
    'env:',
    'env:A B',
    'env:1A',
    'file:',
    'file:/',
    'k8s:shop/web',
    'k8s:Shop/web/key',
    'k8s:a/b/c/d',
    'aws-sm:id',
    'aws-sm:#key',
    'vault:x',
    'ENV:A',
  ])('%j is none', (text) => {
    expect(parseSecretReference(text)).toBeUndefined();
  });
});

describe('resolveSecret', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-secrets-'));
    await writeFile(join(folder, 'token'), 's3cret\n');
    await writeFile(join(folder, 'empty'), '\n');
    await writeFile(join(folder, 'large'), 'x'.repeat(70_000));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const environment = { TOKEN: 's3cret', EMPTY: '' };
  const kubernetes = clusterWith({ 'shop/web': { token: Buffer.from('s3cret').toString('base64'), empty: '' } });

  it.each(['env:TOKEN', 'file:$/token', 'k8s:shop/web/token'])('fetches %s', async (reference) => {
    expect(await resolveSecret(reference.replace('$', folder), { environment, kubernetes })).toBe('s3cret');
  });

  it.each([
    { reference: 'hunter2', code: 'InvalidInput', says: /expected a secret reference/ },
    { reference: 'env:NONE', code: 'NotFound', says: /secret env:NONE: expected a value, found none/ },
    { reference: 'env:EMPTY', code: 'NotFound', says: /an empty one/ },
    { reference: 'file:$/none', code: 'NotFound', says: /expected a file, found none/ },
    { reference: 'file:$/empty', code: 'NotFound', says: /an empty one/ },
    { reference: 'file:$/large', code: 'InvalidInput', says: /at most 65536 bytes/ },
    { reference: 'k8s:shop/other/token', code: 'NotFound', says: /expected Secret shop\/other, found none/ },
    {
      reference: 'k8s:shop/web/key',
      code: 'NotFound',
      says: /expected key key in Secret shop\/web, found token, empty/,
    },
    { reference: 'k8s:shop/web/empty', code: 'NotFound', says: /an empty one/ },
    {
      reference: 'aws-sm:web#token',
      code: 'InvalidInput',
      says: /expected AWS to read it from, found none configured/,
    },
  ])('says $code of $reference', async ({ reference, code, says }) => {
    const error = await failure(reference.replace('$', folder));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    // Neither a value nor a text that may be one is repeated.
    expect(error.message).not.toMatch(/s3cret|hunter2/);
  });

  it('needs a cluster for k8s references', async () => {
    await expect(resolveSecret('k8s:shop/web/token', { environment })).rejects.toThrow(/expected a cluster/);
  });

  async function failure(reference: string): Promise<CodedError> {
    try {
      await resolveSecret(reference, { environment, kubernetes });
    } catch (error) {
      if (error instanceof CodedError) return error;
      throw error;
    }
    throw new Error(`${reference} was resolved`);
  }
});

/** The one call that is needed, over Secrets by `namespace/name`. */
function clusterWith(secrets: Readonly<Record<string, Readonly<Record<string, string>>>>): KubernetesClient {
  const unused = (): never => {
    throw new Error('not called by resolveSecret');
  };
  return {
    get: async <T extends KubernetesObject>({ kind, namespace, name }: ObjectAddress) => {
      const data = kind === 'Secret' ? secrets[`${namespace}/${name}`] : undefined;
      return data === undefined
        ? undefined
        : ({ apiVersion: 'v1', kind, metadata: { namespace, name }, data } as unknown as T);
    },
    list: unused,
    create: unused,
    replace: unused,
    delete: unused,
    canI: unused,
  };
}

describe('aws-sm references', () => {
  const awsSecrets = {
    read: async (id: string) =>
      ({ 'prod/web': '{"url":"postgres://u:p@h/d","port":5432}', plain: 'hunter2' })[id as 'plain'] ?? undefined,
  };
  it('are read by id and key', async () => {
    expect(await resolveSecret('aws-sm:prod/web#url', { awsSecrets })).toBe('postgres://u:p@h/d');
    expect(await resolveSecret('aws-sm:prod/web#port', { awsSecrets })).toBe('5432');
  });
  it.each([
    { reference: 'aws-sm:none#url', code: 'NotFound', says: /expected secret none, found none/ },
    {
      reference: 'aws-sm:prod/web#pass',
      code: 'NotFound',
      says: /expected key pass in secret prod\/web, found url, port/,
    },
    {
      reference: 'aws-sm:plain#url',
      code: 'InvalidInput',
      says: /expected a JSON object with url, found another text/,
    },
  ])('$reference: $code', async ({ reference, code, says }) => {
    await expect(resolveSecret(reference, { awsSecrets })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(says),
    });
    await expect(resolveSecret(reference, { awsSecrets })).rejects.not.toMatchObject({
      message: expect.stringContaining('hunter2'),
    });
  });
});

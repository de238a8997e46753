import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthFileCredentials } from '../../../src/clients/registry/auth-file.ts';
import { isCoded } from '../../../src/errors/coded-error.ts';

const SECRET = Buffer.from('robot:pass:word').toString('base64');
const auths = {
  'registry.example.com': { auth: SECRET },
  'https://old.example.com/v1/': { auth: SECRET },
  'named.example.com:5000': { username: 'robot', password: 'p' },
  'helper.example.com': {},
};

describe('credentials of registries from a file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-auth-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function fileOf(text: string) {
    const path = join(folder, 'config.json');
    await writeFile(path, text);
    return createAuthFileCredentials(path);
  }

  it.each([
    { host: 'registry.example.com', found: { username: 'robot', password: 'pass:word' } },
    { host: 'old.example.com', found: { username: 'robot', password: 'pass:word' } },
    { host: 'named.example.com:5000', found: { username: 'robot', password: 'p' } },
    { host: 'helper.example.com', found: undefined },
    { host: 'other.example.com', found: undefined },
  ])('answers $found for $host', async ({ host, found }) => {
    expect(await (await fileOf(JSON.stringify({ auths })))(host)).toEqual(found);
  });

  it.each(['{}', '{"auths":{"r.example.com":null}}'])('is anonymous with %s', async (text) => {
    expect(await (await fileOf(text))('r.example.com')).toBeUndefined();
  });

  it('is anonymous without a file', async () => {
    expect(await createAuthFileCredentials(join(folder, 'none.json'))('registry.example.com')).toBeUndefined();
  });

  it.each([
    { text: `not json ${SECRET}`, says: 'expected JSON' },
    { text: '{"auths":7}', says: 'an object under "auths"' },
    { text: `{"auths":{"r.example.com":{"auth":"${btoa('nocolon')}"}}}`, says: 'base64 of "user:password"' },
  ])('refuses a file with $says, without its content', async ({ text, says }) => {
    const credentials = await fileOf(text);
    const error = await credentials('r.example.com').catch((thrown: unknown) => thrown);
    expect(isCoded(error, 'InvalidInput')).toBe(true);
    expect(String(error)).toContain(says);
    expect(String(error)).not.toContain(SECRET);
    expect(String(error)).not.toContain('nocolon');
  });
});

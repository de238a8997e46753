import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporarySecretOf } from '../../src/worker/temporary-secret.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mainstay-secret-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

it('is made once, though several workers of a host start at once, and is for us alone', async () => {
  const stateDir = join(await folder(), 'state');
  const workers = Array.from({ length: 8 }, () => temporarySecretOf({ temporarySecret: '', stateDir }, {}));
  const secrets = await Promise.all(workers.map((read) => read()));
  expect(new Set(secrets).size).toBe(1);
  expect(secrets[0]).toMatch(/^[-\w]{43}$/);
  expect((await stat(join(stateDir, 'temporary-secret'))).mode & 0o777).toBe(0o600);
  expect(await temporarySecretOf({ temporarySecret: '', stateDir }, {})()).toBe(secrets[0]);
});

it('comes from a reference where there is one, and is asked for again after a failure', async () => {
  const stateDir = await folder();
  const environment: Record<string, string> = {};
  const read = temporarySecretOf({ temporarySecret: 'env:KEY', stateDir }, { environment });
  await expect(read()).rejects.toMatchObject({ code: 'NotFound' });
  environment.KEY = 'long-enough-to-be-a-key';
  expect(await read()).toBe('long-enough-to-be-a-key');
});

it('refuses one that is too short, and does not show it', async () => {
  const stateDir = await folder();
  await writeFile(join(stateDir, 'temporary-secret'), 'short');
  await expect(temporarySecretOf({ temporarySecret: '', stateDir }, {})()).rejects.toThrow(
    /expected at least 16 characters, found 5$/,
  );
});

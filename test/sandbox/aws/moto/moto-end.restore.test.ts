import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing, requireTool } from '../../../harness/tools.ts';
import { until } from '../../../harness/until.ts';
import { s3At, startLab } from './lab.ts';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe.skipIf(isMissing('moto'))('the end of moto', () => {
  let own: string;
  beforeAll(async () => {
    own = await mkdtemp(join(tmpdir(), 'mainstay-moto-end-'));
  });
  afterAll(() => rm(own, { recursive: true, force: true }));

  it('is told as an error of AWS with its reason, and what it held is not replaced by nothing', async () => {
    const broken = await startLab({ folder: join(own, 'broken'), python: requireTool('moto') });
    const s3 = s3At(broken.url);
    try {
      await s3.send(new ListObjectsV2Command({ Bucket: 'nobodys' })).catch(() => undefined);
      const pid = broken.moto.pid() ?? 0;
      process.kill(-pid, 'SIGKILL');
      const refused = await until('it is known to have ended', async () => {
        const error = (await s3
          .send(new ListObjectsV2Command({ Bucket: 'nobodys' }))
          .catch((e: unknown) => e)) as Error;
        return error.message.includes('ended with') ? error : undefined;
      });
      expect(refused).toMatchObject({ name: 'ServiceUnavailable', $metadata: { httpStatusCode: 503 } });
      expect(refused.message).toMatch(/s3 of the sandbox is not there: moto ended with 137/);
    } finally {
      s3.destroy();
      await broken.close();
    }
  });

  it('comes with the end of the proxy', async () => {
    const closed = await startLab({ folder: join(own, 'closed'), python: requireTool('moto') });
    const s3 = s3At(closed.url);
    await s3.send(new ListObjectsV2Command({ Bucket: 'nobodys' })).catch(() => undefined);
    const pid = closed.moto.pid() ?? 0;
    expect(isAlive(pid)).toBe(true);
    s3.destroy();
    await closed.close();
    expect(isAlive(pid)).toBe(false);
    await closed.close();
  });

  it('comes with the end of the process that started it', async () => {
    const source = fileURLToPath(new URL('../../../../src/sandbox/aws/moto/moto-process.ts', import.meta.url));
    const code = `
      const { startMoto } = await import(${JSON.stringify(source)});
      const moto = await startMoto({ python: process.argv[1], folder: process.argv[2] });
      console.log(moto.pid);
      setInterval(() => undefined, 1000);
    `;
    const parent = spawn(
      process.execPath,
      ['--no-warnings', '--import', 'tsx', '--input-type=module', '-e', code, requireTool('moto'), join(own, 'orphan')],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until('moto is gone', () => !isAlive(pid) || undefined);
  });

  it('of a program that is not there is told with the reason', async () => {
    const absent = await startLab({ folder: join(own, 'absent'), python: join(own, 'no-python') });
    const s3 = s3At(absent.url);
    try {
      await expect(s3.send(new ListObjectsV2Command({ Bucket: 'nobodys' }))).rejects.toMatchObject({
        name: 'ServiceUnavailable',
        message: expect.stringMatching(/not there: moto ended with 127/) as string,
      });
    } finally {
      s3.destroy();
      await absent.close();
    }
  });
});

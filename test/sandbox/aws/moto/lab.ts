import { S3Client } from '@aws-sdk/client-s3';
import { AwsFaults } from '../../../../src/sandbox/aws/front/fault-rules.ts';
import { startFront } from '../../../../src/sandbox/aws/front/front.ts';
import { AwsRequestLog } from '../../../../src/sandbox/aws/front/request-log.ts';
import { createMotoProxy, type MotoProxy } from '../../../../src/sandbox/aws/moto/moto-proxy.ts';

export const HERE = 'eu-central-1';

export interface MotoLab {
  readonly url: string;
  readonly port: number;
  readonly moto: MotoProxy;
  readonly faults: AwsFaults;
  readonly log: AwsRequestLog;
  close(): Promise<void>;
}

/** moto behind a front of its own; its process starts at the first request. */
export async function startLab(options: { readonly folder: string; readonly python: string }): Promise<MotoLab> {
  const moto = createMotoProxy({ stateDir: options.folder, python: options.python });
  const [faults, log] = [new AwsFaults(), new AwsRequestLog()];
  const front = await startFront({ backends: { default: moto }, faults, log, reportProblem: () => undefined });
  const close = async (): Promise<void> => {
    await front.close();
    await moto.close();
  };
  return { url: front.url, port: front.port, moto, faults, log, close };
}

/** Settings of a client that tries once. */
export const settings = (url: string, region = HERE) => ({
  endpoint: url,
  region,
  credentials: { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' },
  maxAttempts: 1,
});

export const s3At = (url: string): S3Client => new S3Client({ ...settings(url), forcePathStyle: true });

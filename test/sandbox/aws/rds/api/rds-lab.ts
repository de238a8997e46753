import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DBInstance,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { type SandboxAws, type SandboxAwsOptions, startSandboxAws } from '../../../../../src/sandbox/aws/start-aws.ts';
import { until } from '../../../../harness/until.ts';
import { createFakeEngine, type FakeEngine } from './fake-engine.ts';

export const HERE = 'eu-central-1';
export const THERE = 'eu-west-1';

export interface RdsLab {
  readonly aws: SandboxAws;
  readonly engine: FakeEngine;
  readonly rds: RDSClient;
  /** Of the other region. */
  readonly there: RDSClient;
  readonly problems: readonly string[];
  client(region?: string): RDSClient;
  status(identifier: string, region?: string): Promise<string | undefined>;
  instance(identifier: string, region?: string): Promise<DBInstance>;
  ready(identifier: string, region?: string): Promise<DBInstance>;
  /** It stays in this status once it has it, so that a test sees it, until what is answered is called. */
  holdAt(identifier: string, status: string): { seen(): Promise<DBInstance>; release(): void };
  snapshotReady(identifier: string, region?: string): Promise<void>;
  gone(identifier: string): Promise<void>;
  /** Available at once, in this region. */
  seed(identifier: string, extra?: object): Promise<void>;
  close(): Promise<void>;
}

/** A clock so fast that an hour is less than a second. */
export async function startRdsLab(options: Partial<SandboxAwsOptions> = {}): Promise<RdsLab> {
  const stateDir = await mkdtemp(join(tmpdir(), 'mainstay-aws-'));
  const engine = createFakeEngine();
  const problems: string[] = [];
  const aws = await startSandboxAws({
    stateDir,
    clockFactor: 0.0002,
    engine,
    backends: {},
    reportProblem: (part, { message }) => problems.push(`${part}: ${message}`),
    ...options,
  });
  const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'anything' };
  const clients: RDSClient[] = [];
  const client = (region = HERE): RDSClient => {
    const made = new RDSClient({ endpoint: aws.url, region, credentials, maxAttempts: 1 });
    clients.push(made);
    return made;
  };
  const rds = client();
  const there = client(THERE);
  const of = (region: string): RDSClient => (region === HERE ? rds : there);
  const find = async (identifier: string, region = HERE): Promise<DBInstance> => {
    const answer = await of(region).send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier }));
    const [found] = answer.DBInstances ?? [];
    if (!found) throw new Error(`no instance ${identifier} in the answer`);
    return found;
  };
  return {
    aws,
    engine,
    rds,
    there,
    problems,
    client,
    instance: find,
    status: async (identifier, region) => (await find(identifier, region)).DBInstanceStatus,
    ready: (identifier, region) =>
      until(`${identifier} is available`, async () => {
        const found = await find(identifier, region);
        return found.DBInstanceStatus === 'available' ? found : undefined;
      }),
    holdAt: (identifier, status) => {
      const { id } = aws.faults.add({ mode: 'stuckStatus', identifier, status });
      const look = async (): Promise<DBInstance | undefined> => {
        const found = await find(identifier);
        return found.DBInstanceStatus === status ? found : undefined;
      };
      return { seen: () => until(`${identifier} is ${status}`, look), release: () => void aws.faults.clear(id) };
    },
    snapshotReady: async (identifier, region = HERE) => {
      await until(`${identifier} is available`, async () => {
        const asked = new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: identifier });
        return (await of(region).send(asked)).DBSnapshots?.[0]?.Status === 'available' ? true : undefined;
      });
    },
    gone: async (identifier) => {
      await until(`${identifier} is gone`, async () => {
        const failed = await codeOf(find(identifier));
        return failed === 'DBInstanceNotFound' ? true : undefined;
      });
    },
    seed: async (identifier, extra = {}) => {
      await aws.seedDatabase({ ...SEED, identifier, ...extra });
    },
    async close() {
      for (const each of clients) each.destroy();
      await aws.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

const SEED = {
  region: HERE,
  engineVersion: '18.4',
  databaseName: 'crm',
  masterUsername: 'crm_admin',
  masterPassword: 'correct-horse-battery',
} as const;

/** Code on the wire of what it fails with; throws when it succeeds. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { Code, name } = error as { readonly Code?: string; readonly name: string };
    return Code ?? name;
  }
  throw new Error('expected a refusal, but it was accepted');
}

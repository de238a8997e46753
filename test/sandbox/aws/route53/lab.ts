import {
  type Change,
  type ChangeResourceRecordSetsCommandOutput,
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { AwsFaults } from '../../../../src/sandbox/aws/front/fault-rules.ts';
import { startFront } from '../../../../src/sandbox/aws/front/front.ts';
import { AwsRequestLog } from '../../../../src/sandbox/aws/front/request-log.ts';
import { createRoute53 } from '../../../../src/sandbox/aws/route53/start-route53.ts';

export interface Route53Lab {
  readonly client: Route53Client;
  readonly log: AwsRequestLog;
  readonly faults: AwsFaults;
  /** Of this test's own zone. */
  readonly zoneId: string;
  /** How many zones were made: part of their names and caller references. */
  readonly made: number;
  /** Turned by tests: a change is PENDING for 6 s of it. */
  nowMs: number;
}

/** Route 53 behind the front, with its own client, and a new zone for each test. */
export const lab: Route53Lab = {
  client: undefined as unknown as Route53Client,
  log: new AwsRequestLog(),
  faults: new AwsFaults(),
  zoneId: '',
  made: 0,
  nowMs: Date.parse('2026-03-01T10:00:00Z'),
};

/** Starts it before the tests of a file, and ends it after them. */
export function useRoute53(): void {
  let front: Awaited<ReturnType<typeof startFront>>;
  beforeAll(async () => {
    // A tenth: a batch is taken in for 30 ms.
    const route53 = createRoute53({ clockFactor: 0.1, now: () => lab.nowMs });
    const { faults, log } = lab;
    const reportProblem = (_: string, problem: Error): void => console.error(problem);
    front = await startFront({ backends: { route53 }, faults, log, reportProblem });
    const client = new Route53Client({
      endpoint: front.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' },
      maxAttempts: 1,
    });
    Object.assign(lab, { client });
  });
  afterAll(async () => {
    lab.client.destroy();
    await front.close();
  });
  beforeEach(async () => {
    const made = lab.made + 1;
    const { HostedZone } = await lab.client.send(
      new CreateHostedZoneCommand({ Name: `z${made}.example.com`, CallerReference: `zone ${made}` }),
    );
    Object.assign(lab, { made, zoneId: (HostedZone?.Id ?? '').replace('/hostedzone/', '') });
  });
}

/** Of this test's zone, with the dot at the end. */
export const zoneName = (): string => `z${lab.made}.example.com.`;

export function a(name: string, ...addresses: string[]): ResourceRecordSet {
  return { Name: name, Type: 'A', TTL: 60, ResourceRecords: addresses.map((Value) => ({ Value })) };
}

export function weighted(name: string, identifier: string, weight: number, value: string): ResourceRecordSet {
  return { ...a(name, value), SetIdentifier: identifier, Weight: weight };
}

/** One batch in this test's zone. */
export function change(
  ...changes: (readonly [NonNullable<Change['Action']>, ResourceRecordSet])[]
): Promise<ChangeResourceRecordSetsCommandOutput> {
  return lab.client.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: lab.zoneId,
      ChangeBatch: { Changes: changes.map(([Action, set]) => ({ Action, ResourceRecordSet: set })) },
    }),
  );
}

/** Addresses of that name in this test's zone; none when it has no such record. */
export async function values(name: string): Promise<(string | undefined)[]> {
  const listed = await lab.client.send(
    new ListResourceRecordSetsCommand({
      HostedZoneId: lab.zoneId,
      StartRecordName: name,
      StartRecordType: 'A',
      MaxItems: 1,
    }),
  );
  const [found] = listed.ResourceRecordSets ?? [];
  return found?.Name === name ? (found.ResourceRecords ?? []).map(({ Value }) => Value) : [];
}

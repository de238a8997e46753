import {
  type Change,
  ChangeResourceRecordSetsCommand,
  ChangeTagsForResourceCommand,
  CreateHealthCheckCommand,
  CreateHostedZoneCommand,
  CreateResourceRecordSetProtectionsCommand,
  DeleteHealthCheckCommand,
  DeleteHostedZoneCommand,
  DeleteResourceRecordSetProtectionsCommand,
  GetChangeCommand,
  GetHealthCheckCommand,
  GetHostedZoneCommand,
  ListHostedZonesByNameCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetProtectionsCommand,
  ListResourceRecordSetsCommand,
  ListTagsForResourceCommand,
  ListTagsForResourcesCommand,
  type ResourceRecordSet,
  Route53Client,
  UpdateHealthCheckCommand,
} from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AwsFaults } from '../../../../src/sandbox/aws/front/fault-rules.ts';
import { startFront } from '../../../../src/sandbox/aws/front/front.ts';
import { AwsRequestLog } from '../../../../src/sandbox/aws/front/request-log.ts';
import { createRoute53 } from '../../../../src/sandbox/aws/route53/start-route53.ts';

let nowMs = Date.parse('2026-03-01T10:00:00Z');
const log = new AwsRequestLog();
const faults = new AwsFaults();
let front: Awaited<ReturnType<typeof startFront>>;
let client: Route53Client;
let zoneId: string;
let made = 0;

beforeAll(async () => {
  // A tenth: a batch is taken in for 30 ms, and a change is PENDING for 6 s of the clock that the tests turn.
  const route53 = createRoute53({ clockFactor: 0.1, now: () => nowMs });
  front = await startFront({
    backends: { route53 },
    faults,
    log,
    reportProblem: (_, problem) => console.error(problem),
  });
  client = new Route53Client({
    endpoint: front.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
});
afterAll(async () => {
  client.destroy();
  await front.close();
});
beforeEach(async () => {
  made += 1;
  const created = await client.send(
    new CreateHostedZoneCommand({ Name: `z${made}.example.com`, CallerReference: `zone ${made}` }),
  );
  zoneId = (created.HostedZone?.Id ?? '').replace('/hostedzone/', '');
});

const zoneName = (): string => `z${made}.example.com.`;

function a(name: string, ...addresses: string[]): ResourceRecordSet {
  return { Name: name, Type: 'A', TTL: 60, ResourceRecords: addresses.map((Value) => ({ Value })) };
}

function weighted(name: string, identifier: string, weight: number, value: string): ResourceRecordSet {
  return { ...a(name, value), SetIdentifier: identifier, Weight: weight };
}

const change = (...changes: (readonly [NonNullable<Change['Action']>, ResourceRecordSet])[]) =>
  client.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: zoneId,
      ChangeBatch: { Changes: changes.map(([Action, set]) => ({ Action, ResourceRecordSet: set })) },
    }),
  );

async function values(name: string): Promise<(string | undefined)[]> {
  const listed = await client.send(
    new ListResourceRecordSetsCommand({
      HostedZoneId: zoneId,
      StartRecordName: name,
      StartRecordType: 'A',
      MaxItems: 1,
    }),
  );
  const [found] = listed.ResourceRecordSets ?? [];
  return found?.Name === name ? (found.ResourceRecords ?? []).map(({ Value }) => Value) : [];
}

describe('hosted zones', () => {
  it('are made with their own records, found by id and by name, and deleted', async () => {
    const found = await client.send(new GetHostedZoneCommand({ Id: zoneId }));
    expect(found.HostedZone).toMatchObject({
      Id: `/hostedzone/${zoneId}`,
      Name: zoneName(),
      ResourceRecordSetCount: 2,
      Config: { PrivateZone: false },
    });
    expect(found.DelegationSet?.NameServers).toHaveLength(4);
    const own = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zoneId }));
    expect(own.ResourceRecordSets?.map(({ Type }) => Type)).toEqual(['NS', 'SOA']);

    const byName = await client.send(new ListHostedZonesByNameCommand({ DNSName: zoneName(), MaxItems: 1 }));
    expect(byName).toMatchObject({ DNSName: zoneName(), HostedZones: [{ Name: zoneName() }] });
    await client.send(new DeleteHostedZoneCommand({ Id: zoneId }));
    await expect(client.send(new GetHostedZoneCommand({ Id: zoneId }))).rejects.toMatchObject({
      name: 'NoSuchHostedZone',
      message: `No hosted zone found with ID: ${zoneId}`,
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('are made once by a caller reference', async () => {
    const again = new CreateHostedZoneCommand({ Name: 'other.example.com', CallerReference: `zone ${made}` });
    await expect(client.send(again)).rejects.toMatchObject({
      name: 'HostedZoneAlreadyExists',
      $metadata: { httpStatusCode: 409 },
    });
  });

  it('are listed in pages', async () => {
    const first = await client.send(new ListHostedZonesCommand({ MaxItems: 1 }));
    expect(first).toMatchObject({ IsTruncated: true, MaxItems: 1, HostedZones: [{}] });
    const second = await client.send(new ListHostedZonesCommand({ MaxItems: 1, Marker: first.NextMarker }));
    expect(second.HostedZones?.[0]?.Id).not.toBe(first.HostedZones?.[0]?.Id);
  });

  it('are not deleted while they have records', async () => {
    await change(['CREATE', a(`www.${zoneName()}`, '192.0.2.1')]);
    await expect(client.send(new DeleteHostedZoneCommand({ Id: zoneId }))).rejects.toMatchObject({
      name: 'HostedZoneNotEmpty',
    });
  });
});

describe('record sets', () => {
  it('refuse to be created twice, and say which', async () => {
    const www = a(`www.${zoneName()}`, '192.0.2.1');
    await change(['CREATE', www]);
    await expect(change(['CREATE', www])).rejects.toMatchObject({
      name: 'InvalidChangeBatch',
      message: `[Tried to create resource record set [name='www.${zoneName()}', type='A'] but it already exists]`,
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('are replaced by UPSERT, whatever they were', async () => {
    const name = `www.${zoneName()}`;
    await change(['UPSERT', a(name, '192.0.2.1')]);
    await change(['UPSERT', a(name, '192.0.2.2', '192.0.2.3')]);
    expect(await values(name)).toEqual(['192.0.2.2', '192.0.2.3']);
  });

  it.each([
    { when: 'another value', unlike: { ResourceRecords: [{ Value: '192.0.2.9' }] }, wrong: 'match' },
    { when: 'another time to live', unlike: { TTL: 61 }, wrong: 'match' },
    { when: 'another type', unlike: { Type: 'TXT' as const, ResourceRecords: [{ Value: '"x"' }] }, wrong: 'found' },
  ])('are not deleted with $when', async ({ unlike, wrong }) => {
    const name = `www.${zoneName()}`;
    await change(['CREATE', a(name, '192.0.2.1')]);
    const why = {
      match: "type='A'] but the values provided do not match the current values]",
      found: "type='TXT'] but it was not found]",
    }[wrong];
    await expect(change(['DELETE', { ...a(name, '192.0.2.1'), ...unlike }])).rejects.toMatchObject({
      message: `[Tried to delete resource record set [name='${name}', ${why}`,
    });
    expect(await values(name)).toEqual(['192.0.2.1']);
  });

  it('are deleted with the same values in another order, and with a name written otherwise', async () => {
    const name = `www.${zoneName()}`;
    await change(['CREATE', a(name, '192.0.2.1', '192.0.2.2')]);
    await change(['DELETE', a(name.slice(0, -1).toUpperCase(), '192.0.2.2', '192.0.2.1')]);
    expect(await values(name)).toEqual([]);
  });

  it('are compared and swapped in one batch', async () => {
    const name = `db.${zoneName()}`;
    await change(['CREATE', a(name, '192.0.2.1')]);
    await change(['DELETE', a(name, '192.0.2.1')], ['CREATE', a(name, '192.0.2.2')]);
    expect(await values(name)).toEqual(['192.0.2.2']);
    // Somebody else was faster: nothing of the batch is done.
    const late = change(
      ['CREATE', a(`other.${zoneName()}`, '192.0.2.7')],
      ['DELETE', a(name, '192.0.2.1')],
      ['CREATE', a(name, '192.0.2.3')],
    );
    await expect(late).rejects.toMatchObject({ name: 'InvalidChangeBatch' });
    expect(await values(name)).toEqual(['192.0.2.2']);
    expect(await values(`other.${zoneName()}`)).toEqual([]);
  });

  it('refuse to be deleted twice in one batch', async () => {
    const www = a(`www.${zoneName()}`, '192.0.2.1');
    await change(['CREATE', www]);
    await expect(change(['DELETE', www], ['DELETE', www])).rejects.toMatchObject({
      message: expect.stringContaining('but it was not found') as string,
    });
    expect(await values(`www.${zoneName()}`)).toEqual(['192.0.2.1']);
  });

  it.each([
    { set: () => a('www.example.org.', '192.0.2.1'), says: 'is not permitted in zone' },
    { set: () => a(`www.${zoneName()}`, '192.0.2.300'), says: 'Value is not a valid IPv4 address' },
    { set: () => a(`www.${zoneName()}`, '192.0.2.1', '192.0.2.1'), says: "Duplicate Resource Record: '192.0.2.1'" },
    {
      set: () => ({ ...a(zoneName(), 'x.example.com'), Type: 'CNAME' as const }),
      says: 'is not permitted at apex in zone',
    },
    {
      set: () => ({ ...a(`taken.${zoneName()}`, 'x.example.com'), Type: 'CNAME' as const }),
      says: 'is not permitted because a conflicting RRSet of type A with the same DNS name already exists',
    },
    { set: () => weighted(`taken.${zoneName()}`, 'blue', 1, '192.0.2.1'), says: 'because a simple RRSet' },
  ])('refuse what cannot be: $says', async ({ set, says }) => {
    await change(['CREATE', a(`taken.${zoneName()}`, '192.0.2.1')]);
    await expect(change(['CREATE', set()])).rejects.toMatchObject({
      name: 'InvalidChangeBatch',
      message: expect.stringContaining(says) as string,
    });
  });

  it('say every problem of a batch', async () => {
    const gone = [a(`x.${zoneName()}`, '192.0.2.1'), a(`y.${zoneName()}`, '192.0.2.1')] as const;
    await expect(change(['DELETE', gone[0]], ['DELETE', gone[1]])).rejects.toMatchObject({
      message:
        `[Tried to delete resource record set [name='x.${zoneName()}', type='A'] but it was not found, ` +
        `Tried to delete resource record set [name='y.${zoneName()}', type='A'] but it was not found]`,
    });
  });

  it('keep the records of the zone itself', async () => {
    const own = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zoneId }));
    const soa = own.ResourceRecordSets?.find(({ Type }) => Type === 'SOA');
    if (!soa) throw new Error('the zone has no SOA record');
    await expect(change(['DELETE', soa])).rejects.toMatchObject({
      message: '[A HostedZone must contain exactly one SOA record.]',
    });
  });

  it('refuse a request without TTL, values or alias as malformed', async () => {
    await expect(change(['CREATE', { Name: `www.${zoneName()}`, Type: 'A' }])).rejects.toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining('Expected exactly one of [AliasTarget') as string,
    });
  });

  it('are listed by reversed name, type and identifier, page by page', async () => {
    await change(
      ['CREATE', weighted(`b.${zoneName()}`, 'green', 0, '192.0.2.2')],
      ['CREATE', weighted(`b.${zoneName()}`, 'blue', 100, '192.0.2.1')],
      ['CREATE', a(`a.z.${zoneName()}`, '192.0.2.3')],
      ['CREATE', a(`*.${zoneName()}`, '192.0.2.4')],
      [
        'CREATE',
        { Name: `b.${zoneName()}`, Type: 'TXT', TTL: 5, ResourceRecords: [{ Value: `"one & <two>" "it's"` }] },
      ],
      [
        'CREATE',
        {
          Name: `alias.${zoneName()}`,
          Type: 'A',
          AliasTarget: { HostedZoneId: 'Z2', DNSName: 'lb.example.com', EvaluateTargetHealth: true },
        },
      ],
    );
    const names: string[] = [];
    let start = {};
    for (;;) {
      const page = await client.send(
        new ListResourceRecordSetsCommand({ HostedZoneId: zoneId, MaxItems: 2, ...start }),
      );
      for (const { Name = '', Type, SetIdentifier = '' } of page.ResourceRecordSets ?? [])
        names.push(`${Name.replace(zoneName(), '')} ${Type} ${SetIdentifier}`.trim());
      if (!page.IsTruncated) break;
      start = {
        StartRecordName: page.NextRecordName,
        StartRecordType: page.NextRecordType,
        StartRecordIdentifier: page.NextRecordIdentifier,
      };
    }
    expect(names).toEqual(['NS', 'SOA', '\\052. A', 'alias. A', 'b. A blue', 'b. A green', 'b. TXT', 'a.z. A']);
    const all = await client.send(
      new ListResourceRecordSetsCommand({ HostedZoneId: zoneId, StartRecordName: 'alias.' + zoneName() }),
    );
    expect(all.ResourceRecordSets?.slice(0, 4)).toMatchObject([
      { AliasTarget: { DNSName: 'lb.example.com.', EvaluateTargetHealth: true } },
      { SetIdentifier: 'blue', Weight: 100, TTL: 60 },
      { SetIdentifier: 'green', Weight: 0 },
      { ResourceRecords: [{ Value: `"one & <two>" "it's"` }] },
    ]);
  });
});

describe('changes', () => {
  it('are PENDING until every server has them', async () => {
    const { ChangeInfo } = await change(['CREATE', a(`www.${zoneName()}`, '192.0.2.1')]);
    const Id = (ChangeInfo?.Id ?? '').replace('/change/', '');
    expect(ChangeInfo).toMatchObject({ Status: 'PENDING', SubmittedAt: new Date(nowMs) });
    nowMs += 5_900;
    expect((await client.send(new GetChangeCommand({ Id }))).ChangeInfo?.Status).toBe('PENDING');
    nowMs += 200;
    expect((await client.send(new GetChangeCommand({ Id: `/change/${Id}` }))).ChangeInfo?.Status).toBe('INSYNC');
  });

  it('are not found by an id that none has', async () => {
    await expect(client.send(new GetChangeCommand({ Id: 'C0' }))).rejects.toMatchObject({
      name: 'NoSuchChange',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('are refused while the zone takes another one in', async () => {
    const both = await Promise.allSettled([
      change(['CREATE', a(`x.${zoneName()}`, '192.0.2.1')]),
      change(['CREATE', a(`y.${zoneName()}`, '192.0.2.1')]),
    ]);
    const refused = both.filter((one) => one.status === 'rejected');
    expect(refused).toMatchObject([
      { reason: { name: 'PriorRequestNotComplete', $metadata: { httpStatusCode: 400 } } },
    ]);
  });
});

describe('protections', () => {
  const protect = (...names: string[]) =>
    client.send(
      new CreateResourceRecordSetProtectionsCommand({
        HostedZoneId: zoneId,
        Protections: names.map((RecordName) => ({ RecordName, RecordType: 'A', Comment: 'failover only' })),
      }),
    );

  it('refuse the whole batch, until they are lifted', async () => {
    const name = `db.${zoneName()}`;
    await change(['CREATE', a(name, '192.0.2.1')]);
    await protect(name);
    const listed = await client.send(new ListResourceRecordSetProtectionsCommand({ HostedZoneId: zoneId }));
    expect(listed.ResourceRecordSetProtections).toEqual([
      { RecordName: name, RecordType: 'A', Comment: 'failover only' },
    ]);
    const other = `other.${zoneName()}`;
    await expect(change(['CREATE', a(other, '192.0.2.1')], ['UPSERT', a(name, '192.0.2.2')])).rejects.toMatchObject({
      name: 'InvalidChangeBatch',
      message: expect.stringMatching(/db\..*protected.*failover only/) as string,
    });
    expect(await values(other)).toEqual([]);
    await client.send(
      new DeleteResourceRecordSetProtectionsCommand({
        HostedZoneId: zoneId,
        Protections: [{ RecordName: name, RecordType: 'A' }],
      }),
    );
    await change(['UPSERT', a(name, '192.0.2.2')]);
    expect(await values(name)).toEqual(['192.0.2.2']);
  });

  it('are made all or none, and say which entry failed', async () => {
    const name = `db.${zoneName()}`;
    await protect(name);
    await expect(protect(name)).rejects.toMatchObject({
      name: 'ProtectionAlreadyExists',
      Errors: [{ RecordName: name, RecordType: 'A', Code: 'ProtectionAlreadyExists' }],
      $metadata: { httpStatusCode: 409 },
    });
    await expect(protect(`new.${zoneName()}`, name)).rejects.toMatchObject({
      name: 'InvalidResourceRecordSetProtectionBatch',
      Errors: [{ RecordName: name }],
    });
    await expect(protect('www.example.org.')).rejects.toMatchObject({ Errors: [{ Code: 'InvalidInput' }] });
    await expect(client.send(new DeleteHostedZoneCommand({ Id: zoneId }))).rejects.toMatchObject({
      name: 'HostedZoneNotEmpty',
    });
  });
});

describe('health checks', () => {
  it('are made once by a caller reference, inverted by version, and deleted', async () => {
    const create = (port: number) =>
      client.send(
        new CreateHealthCheckCommand({
          CallerReference: `check ${made}`,
          HealthCheckConfig: {
            Type: 'HTTPS',
            FullyQualifiedDomainName: 'crm.example.com',
            Port: port,
            Regions: ['eu-west-1', 'us-east-1', 'us-west-2'],
          },
        }),
      );
    const first = await create(443);
    const Id = first.HealthCheck?.Id ?? '';
    expect((await create(443)).HealthCheck?.Id).toBe(Id);
    await expect(create(444)).rejects.toMatchObject({ name: 'HealthCheckAlreadyExists' });

    const inverted = await client.send(
      new UpdateHealthCheckCommand({ HealthCheckId: Id, HealthCheckVersion: 1, Inverted: true }),
    );
    expect(inverted.HealthCheck).toMatchObject({
      HealthCheckVersion: 2,
      HealthCheckConfig: {
        Inverted: true,
        Port: 443,
        FailureThreshold: 3,
        Regions: ['eu-west-1', 'us-east-1', 'us-west-2'],
      },
    });
    const late = new UpdateHealthCheckCommand({ HealthCheckId: Id, HealthCheckVersion: 1, Inverted: false });
    await expect(client.send(late)).rejects.toMatchObject({ name: 'HealthCheckVersionMismatch' });

    const failover = { ...a(`www.${zoneName()}`, '192.0.2.1'), SetIdentifier: 'one', Failover: 'PRIMARY' as const };
    await change(['CREATE', { ...failover, HealthCheckId: Id }]);
    await client.send(new DeleteHealthCheckCommand({ HealthCheckId: Id }));
    await expect(client.send(new GetHealthCheckCommand({ HealthCheckId: Id }))).rejects.toMatchObject({
      name: 'NoSuchHealthCheck',
    });
    await expect(change(['CREATE', { ...failover, SetIdentifier: 'two', HealthCheckId: Id }])).rejects.toMatchObject({
      name: 'NoSuchHealthCheck',
    });
    await expect(create(443)).rejects.toMatchObject({ name: 'HealthCheckAlreadyExists' });
  });
});

describe('tags', () => {
  it('are set, removed and listed', async () => {
    const which = { ResourceType: 'hostedzone' as const, ResourceId: zoneId };
    await client.send(
      new ChangeTagsForResourceCommand({
        ...which,
        AddTags: [
          { Key: 'team', Value: 'crm' },
          { Key: 'old', Value: '' },
        ],
      }),
    );
    await client.send(new ChangeTagsForResourceCommand({ ...which, RemoveTagKeys: ['old'] }));
    const one = await client.send(new ListTagsForResourceCommand(which));
    expect(one.ResourceTagSet).toEqual({ ...which, Tags: [{ Key: 'team', Value: 'crm' }] });
    const some = await client.send(
      new ListTagsForResourcesCommand({ ResourceType: 'hostedzone', ResourceIds: [zoneId] }),
    );
    expect(some.ResourceTagSets).toHaveLength(1);
    await expect(
      client.send(new ListTagsForResourceCommand({ ResourceType: 'hostedzone', ResourceId: 'Z0' })),
    ).rejects.toMatchObject({ name: 'NoSuchHostedZone' });
  });
});

it('is struck by faults by the name of the operation', async () => {
  const fault = faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', mode: 'lostReply', count: 1 });
  const name = `www.${zoneName()}`;
  await expect(change(['CREATE', a(name, '192.0.2.1')])).rejects.toThrow(/socket hang up|ECONNRESET/);
  faults.clear(fault.id);
  expect(await values(name)).toEqual(['192.0.2.1']);
  expect(log.list({ service: 'route53', operation: 'ChangeResourceRecordSets' }).at(-1)).toMatchObject({ status: 0 });
});

import {
  CreateHealthCheckCommand,
  CreateResourceRecordSetProtectionsCommand,
  DeleteHealthCheckCommand,
  DeleteHostedZoneCommand,
  DeleteResourceRecordSetProtectionsCommand,
  GetChangeCommand,
  GetHealthCheckCommand,
  ListResourceRecordSetProtectionsCommand,
  UpdateHealthCheckCommand,
} from '@aws-sdk/client-route-53';
import { describe, expect, it } from 'vitest';
import { a, change, lab, useRoute53, values, zoneName } from './lab.ts';

useRoute53();

describe('changes', () => {
  it('are PENDING until every server has them', async () => {
    const { ChangeInfo } = await change(['CREATE', a(`www.${zoneName()}`, '192.0.2.1')]);
    const Id = (ChangeInfo?.Id ?? '').replace('/change/', '');
    expect(ChangeInfo).toMatchObject({ Status: 'PENDING', SubmittedAt: new Date(lab.nowMs) });
    lab.nowMs += 5_900;
    expect((await lab.client.send(new GetChangeCommand({ Id }))).ChangeInfo?.Status).toBe('PENDING');
    lab.nowMs += 200;
    expect((await lab.client.send(new GetChangeCommand({ Id: `/change/${Id}` }))).ChangeInfo?.Status).toBe('INSYNC');
  });

  it('are not found by an id that none has', async () => {
    await expect(lab.client.send(new GetChangeCommand({ Id: 'C0' }))).rejects.toMatchObject({
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
    lab.client.send(
      new CreateResourceRecordSetProtectionsCommand({
        HostedZoneId: lab.zoneId,
        Protections: names.map((RecordName) => ({ RecordName, RecordType: 'A', Comment: 'failover only' })),
      }),
    );

  it('refuse the whole batch, until they are lifted', async () => {
    const name = `db.${zoneName()}`;
    await change(['CREATE', a(name, '192.0.2.1')]);
    await protect(name);
    const listed = await lab.client.send(new ListResourceRecordSetProtectionsCommand({ HostedZoneId: lab.zoneId }));
    expect(listed.ResourceRecordSetProtections).toEqual([
      { RecordName: name, RecordType: 'A', Comment: 'failover only' },
    ]);
    const other = `other.${zoneName()}`;
    await expect(change(['CREATE', a(other, '192.0.2.1')], ['UPSERT', a(name, '192.0.2.2')])).rejects.toMatchObject({
      name: 'InvalidChangeBatch',
      message: expect.stringMatching(/db\..*protected.*failover only/) as string,
    });
    expect(await values(other)).toEqual([]);
    await lab.client.send(
      new DeleteResourceRecordSetProtectionsCommand({
        HostedZoneId: lab.zoneId,
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
    await expect(lab.client.send(new DeleteHostedZoneCommand({ Id: lab.zoneId }))).rejects.toMatchObject({
      name: 'HostedZoneNotEmpty',
    });
  });
});

describe('health checks', () => {
  it('are made once by a caller reference, inverted by version, and deleted', async () => {
    const create = (port: number) =>
      lab.client.send(
        new CreateHealthCheckCommand({
          CallerReference: `check ${lab.made}`,
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

    const inverted = await lab.client.send(
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
    await expect(lab.client.send(late)).rejects.toMatchObject({ name: 'HealthCheckVersionMismatch' });

    const failover = { ...a(`www.${zoneName()}`, '192.0.2.1'), SetIdentifier: 'one', Failover: 'PRIMARY' as const };
    await change(['CREATE', { ...failover, HealthCheckId: Id }]);
    await lab.client.send(new DeleteHealthCheckCommand({ HealthCheckId: Id }));
    await expect(lab.client.send(new GetHealthCheckCommand({ HealthCheckId: Id }))).rejects.toMatchObject({
      name: 'NoSuchHealthCheck',
    });
    await expect(change(['CREATE', { ...failover, SetIdentifier: 'two', HealthCheckId: Id }])).rejects.toMatchObject({
      name: 'NoSuchHealthCheck',
    });
    await expect(create(443)).rejects.toMatchObject({ name: 'HealthCheckAlreadyExists' });
  });
});

it('is struck by faults by the name of the operation', async () => {
  const fault = lab.faults.add({
    service: 'route53',
    operation: 'ChangeResourceRecordSets',
    mode: 'lostReply',
    count: 1,
  });
  const name = `www.${zoneName()}`;
  await expect(change(['CREATE', a(name, '192.0.2.1')])).rejects.toThrow(/socket hang up|ECONNRESET/);
  lab.faults.clear(fault.id);
  expect(await values(name)).toEqual(['192.0.2.1']);
  expect(lab.log.list({ service: 'route53', operation: 'ChangeResourceRecordSets' }).at(-1)).toMatchObject({
    status: 0,
  });
});

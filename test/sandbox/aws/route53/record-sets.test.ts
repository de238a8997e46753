import { ListResourceRecordSetsCommand } from '@aws-sdk/client-route-53';
import { describe, expect, it } from 'vitest';
import { a, change, lab, useRoute53, values, weighted, zoneName } from './lab.ts';

useRoute53();

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
    const own = await lab.client.send(new ListResourceRecordSetsCommand({ HostedZoneId: lab.zoneId }));
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
      const page = await lab.client.send(
        new ListResourceRecordSetsCommand({ HostedZoneId: lab.zoneId, MaxItems: 2, ...start }),
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
    const all = await lab.client.send(
      new ListResourceRecordSetsCommand({ HostedZoneId: lab.zoneId, StartRecordName: 'alias.' + zoneName() }),
    );
    expect(all.ResourceRecordSets?.slice(0, 4)).toMatchObject([
      { AliasTarget: { DNSName: 'lb.example.com.', EvaluateTargetHealth: true } },
      { SetIdentifier: 'blue', Weight: 100, TTL: 60 },
      { SetIdentifier: 'green', Weight: 0 },
      { ResourceRecords: [{ Value: `"one & <two>" "it's"` }] },
    ]);
  });
});

import {
  ChangeTagsForResourceCommand,
  CreateHostedZoneCommand,
  DeleteHostedZoneCommand,
  GetHostedZoneCommand,
  ListHostedZonesByNameCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  ListTagsForResourceCommand,
  ListTagsForResourcesCommand,
} from '@aws-sdk/client-route-53';
import { describe, expect, it } from 'vitest';
import { a, change, lab, useRoute53, zoneName } from './lab.ts';

useRoute53();

describe('hosted zones', () => {
  it('are made with their own records, found by id and by name, and deleted', async () => {
    const found = await lab.client.send(new GetHostedZoneCommand({ Id: lab.zoneId }));
    expect(found.HostedZone).toMatchObject({
      Id: `/hostedzone/${lab.zoneId}`,
      Name: zoneName(),
      ResourceRecordSetCount: 2,
      Config: { PrivateZone: false },
    });
    expect(found.DelegationSet?.NameServers).toHaveLength(4);
    const own = await lab.client.send(new ListResourceRecordSetsCommand({ HostedZoneId: lab.zoneId }));
    expect(own.ResourceRecordSets?.map(({ Type }) => Type)).toEqual(['NS', 'SOA']);

    const byName = await lab.client.send(new ListHostedZonesByNameCommand({ DNSName: zoneName(), MaxItems: 1 }));
    expect(byName).toMatchObject({ DNSName: zoneName(), HostedZones: [{ Name: zoneName() }] });
    await lab.client.send(new DeleteHostedZoneCommand({ Id: lab.zoneId }));
    await expect(lab.client.send(new GetHostedZoneCommand({ Id: lab.zoneId }))).rejects.toMatchObject({
      name: 'NoSuchHostedZone',
      message: `No hosted zone found with ID: ${lab.zoneId}`,
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('are made once by a caller reference', async () => {
    const again = new CreateHostedZoneCommand({ Name: 'other.example.com', CallerReference: `zone ${lab.made}` });
    await expect(lab.client.send(again)).rejects.toMatchObject({
      name: 'HostedZoneAlreadyExists',
      $metadata: { httpStatusCode: 409 },
    });
  });

  it('are listed in pages', async () => {
    const first = await lab.client.send(new ListHostedZonesCommand({ MaxItems: 1 }));
    expect(first).toMatchObject({ IsTruncated: true, MaxItems: 1, HostedZones: [{}] });
    const second = await lab.client.send(new ListHostedZonesCommand({ MaxItems: 1, Marker: first.NextMarker }));
    expect(second.HostedZones?.[0]?.Id).not.toBe(first.HostedZones?.[0]?.Id);
  });

  it('are not deleted while they have records', async () => {
    await change(['CREATE', a(`www.${zoneName()}`, '192.0.2.1')]);
    await expect(lab.client.send(new DeleteHostedZoneCommand({ Id: lab.zoneId }))).rejects.toMatchObject({
      name: 'HostedZoneNotEmpty',
    });
  });
});

describe('tags', () => {
  it('are set, removed and listed', async () => {
    const which = { ResourceType: 'hostedzone' as const, ResourceId: lab.zoneId };
    await lab.client.send(
      new ChangeTagsForResourceCommand({
        ...which,
        AddTags: [
          { Key: 'team', Value: 'crm' },
          { Key: 'old', Value: '' },
        ],
      }),
    );
    await lab.client.send(new ChangeTagsForResourceCommand({ ...which, RemoveTagKeys: ['old'] }));
    const one = await lab.client.send(new ListTagsForResourceCommand(which));
    expect(one.ResourceTagSet).toEqual({ ...which, Tags: [{ Key: 'team', Value: 'crm' }] });
    const some = await lab.client.send(
      new ListTagsForResourcesCommand({ ResourceType: 'hostedzone', ResourceIds: [lab.zoneId] }),
    );
    expect(some.ResourceTagSets).toHaveLength(1);
    await expect(
      lab.client.send(new ListTagsForResourceCommand({ ResourceType: 'hostedzone', ResourceId: 'Z0' })),
    ).rejects.toMatchObject({ name: 'NoSuchHostedZone' });
  });
});

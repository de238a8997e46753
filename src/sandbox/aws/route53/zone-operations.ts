import { type Element, elements } from './element.ts';
import { compareText, normalName, reversedName } from './names.ts';
import type { Operation } from './operations.ts';
import { pageSize } from './paging.ts';
import { parseRequest, textOf } from './request-body.ts';
import { Route53Error } from './route53-error.ts';
import { delegationElement, vpcElement, type Zone, zoneElement } from './zones.ts';

const PAGE = 100;

const listed = (zones: readonly Zone[]): Element => ['HostedZones', zones.map(zoneElement)];

export const zoneOperations: readonly Operation[] = [
  {
    operation: 'CreateHostedZone',
    method: 'POST',
    path: 'hostedzone',
    run({ zones, changes }, { body, host }) {
      const zone = zones.create(parseRequest(body, 'CreateHostedZoneRequest'));
      const parts = elements(zoneElement(zone), changes.submit(), delegationElement(zone), vpcElement(zone.vpc));
      const location = `http://${host}/2013-04-01/hostedzone/${zone.id}`;
      return { status: 201, location, element: ['CreateHostedZoneResponse', parts] };
    },
  },
  {
    operation: 'ListHostedZones',
    method: 'GET',
    path: 'hostedzone',
    run({ zones }, { query }) {
      const size = pageSize(query, 'maxitems', PAGE);
      const marker = query.get('marker');
      const all = zones.list();
      const first = marker === null ? 0 : all.findIndex(({ id }) => id === marker);
      if (first === -1) throw new Route53Error(400, 'InvalidInput', `No hosted zone found with marker: ${marker}`);
      const next = all[first + size];
      const parts = elements(
        listed(all.slice(first, first + size)),
        ['Marker', marker ?? undefined],
        ['IsTruncated', next !== undefined],
        ['NextMarker', next?.id],
        ['MaxItems', size],
      );
      return { element: ['ListHostedZonesResponse', parts] };
    },
  },
  {
    operation: 'ListHostedZonesByName',
    method: 'GET',
    path: 'hostedzonesbyname',
    run({ zones }, { query }) {
      const size = pageSize(query, 'maxitems', PAGE);
      const name = query.get('dnsname') ?? undefined;
      const id = query.get('hostedzoneid')?.replace(/^\/?hostedzone\//, '');
      const isBefore = (zone: Zone): boolean => {
        if (name === undefined) return false;
        const order = compareText(reversedName(zone.name), reversedName(name));
        return order < 0 || (order === 0 && id !== undefined && zone.id < id);
      };
      const all = zones.listByName().filter((zone) => !isBefore(zone));
      const next = all[size];
      const parts = elements(
        listed(all.slice(0, size)),
        ['DNSName', name === undefined ? undefined : normalName(name)],
        ['HostedZoneId', id],
        ['IsTruncated', next !== undefined],
        ['NextDNSName', next?.name],
        ['NextHostedZoneId', next?.id],
        ['MaxItems', size],
      );
      return { element: ['ListHostedZonesByNameResponse', parts] };
    },
  },
  {
    operation: 'GetHostedZoneCount',
    method: 'GET',
    path: 'hostedzonecount',
    run: ({ zones }) => ({ element: ['GetHostedZoneCountResponse', [['HostedZoneCount', zones.list().length]]] }),
  },
  {
    operation: 'GetHostedZone',
    method: 'GET',
    path: 'hostedzone/{}',
    run({ zones }, { arguments: [id = ''] }) {
      const zone = zones.find(id);
      const vpcs: Element = ['VPCs', zone.vpc && [vpcElement(zone.vpc)]];
      return { element: ['GetHostedZoneResponse', elements(zoneElement(zone), delegationElement(zone), vpcs)] };
    },
  },
  {
    operation: 'UpdateHostedZoneComment',
    method: 'POST',
    path: 'hostedzone/{}',
    run({ zones }, { arguments: [id = ''], body }) {
      const zone = zones.find(id);
      zone.comment = textOf(parseRequest(body, 'UpdateHostedZoneCommentRequest'), 'Comment');
      return { element: ['UpdateHostedZoneCommentResponse', [zoneElement(zone)]] };
    },
  },
  {
    operation: 'DeleteHostedZone',
    method: 'DELETE',
    path: 'hostedzone/{}',
    run({ zones, changes, tags }, { arguments: [id = ''] }) {
      zones.delete(id);
      tags.forget(`hostedzone/${id}`);
      return { element: ['DeleteHostedZoneResponse', [changes.submit()]] };
    },
  },
  {
    operation: 'GetChange',
    method: 'GET',
    path: 'change/{}',
    run: ({ changes }, { arguments: [id = ''] }) => ({ element: ['GetChangeResponse', [changes.info(id)]] }),
  },
];

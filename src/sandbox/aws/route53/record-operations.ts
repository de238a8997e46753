import type { Change, ChangeAction } from './change-batch.ts';
import { type Element, elements } from './element.ts';
import { compareText, reversedName } from './names.ts';
import type { Asked, Operation, Route53State } from './operations.ts';
import { pageSize } from './paging.ts';
import type { Protection } from './protections.ts';
import { readRecordSet, type RecordSet, recordSetElement } from './record-set.ts';
import { child, isNode, itemsOf, type Node, parseRequest, textOf } from './request-body.ts';
import { invalidInput, Route53Error } from './route53-error.ts';
import { sortedRecords } from './zones.ts';

const PAGE = 300;
const BATCH_LIMIT = 1_000;

export const recordOperations: readonly Operation[] = [
  { operation: 'ChangeResourceRecordSets', method: 'POST', path: 'hostedzone/{}/rrset', run: changeRecords },
  { operation: 'ListResourceRecordSets', method: 'GET', path: 'hostedzone/{}/rrset', run: listRecords },
  {
    operation: 'ListResourceRecordSetProtections',
    method: 'GET',
    path: 'hostedzone/{}/rrsetprotection',
    run: listProtections,
  },
  {
    operation: 'CreateResourceRecordSetProtections',
    method: 'POST',
    path: 'hostedzone/{}/rrsetprotection',
    async run({ zones }, { arguments: [id = ''], body }) {
      const zone = zones.find(id);
      const request = parseRequest(body, 'CreateResourceRecordSetProtectionsRequest');
      const wanted = readProtections(request, 'ResourceRecordSetProtectionConfig');
      await zones.exclusively(zone, () => zone.protections.create(wanted));
      return { element: ['CreateResourceRecordSetProtectionsResponse', []] };
    },
  },
  {
    operation: 'DeleteResourceRecordSetProtections',
    method: 'POST',
    path: 'hostedzone/{}/rrsetprotection/delete',
    async run({ zones }, { arguments: [id = ''], body }) {
      const zone = zones.find(id);
      const request = parseRequest(body, 'DeleteResourceRecordSetProtectionsRequest');
      const unwanted = readProtections(request, 'ResourceRecordSetProtectionKey');
      await zones.exclusively(zone, () => zone.protections.delete(unwanted));
      return { element: ['DeleteResourceRecordSetProtectionsResponse', []] };
    },
  },
];

async function changeRecords({ zones, changes, checks }: Route53State, { arguments: [id = ''], body }: Asked) {
  zones.find(id);
  const batch = child(parseRequest(body, 'ChangeResourceRecordSetsRequest'), 'ChangeBatch');
  const asked = itemsOf(batch, 'Changes', 'Change').filter(isNode).map(readChange);
  if (asked.length === 0) throw invalidInput('Invalid request: a change batch needs at least one change');
  if (asked.length > BATCH_LIMIT)
    throw new Route53Error(400, 'InvalidChangeBatch', `[Number of records limit of ${BATCH_LIMIT} exceeded.]`);
  for (const { action, set } of asked) {
    const { healthCheckId } = set;
    if (action === 'DELETE' || healthCheckId === undefined || checks.has(healthCheckId)) continue;
    throw new Route53Error(404, 'NoSuchHealthCheck', `A health check with id ${healthCheckId} does not exist.`);
  }
  await zones.change(id, asked);
  const element: Element = ['ChangeResourceRecordSetsResponse', [changes.submit(textOf(batch, 'Comment'))]];
  return { element };
}

function readChange(node: Node): Change {
  const action = textOf(node, 'Action');
  if (!isAction(action)) throw invalidInput(`Invalid request: Action must be CREATE, DELETE or UPSERT, got ${action}`);
  return { action, set: readRecordSet(child(node, 'ResourceRecordSet'), action) };
}

function isAction(action: string | undefined): action is ChangeAction {
  return action === 'CREATE' || action === 'DELETE' || action === 'UPSERT';
}

function listRecords({ zones }: Route53State, { arguments: [id = ''], query }: Asked) {
  const zone = zones.find(id);
  const size = pageSize(query, 'maxitems', PAGE);
  const [name, type, identifier] = ['name', 'type', 'identifier'].map((part) => query.get(part) || undefined);
  if (name === undefined && type !== undefined)
    throw invalidInput("Invalid request: 'type' may only be given together with 'name'");
  if (type === undefined && identifier !== undefined)
    throw invalidInput("Invalid request: 'identifier' may only be given together with 'name' and 'type'");
  const isBefore = (set: RecordSet): boolean => {
    if (name === undefined) return false;
    const order =
      compareText(reversedName(set.name), reversedName(name)) ||
      (type === undefined ? 0 : compareText(set.type, type)) ||
      (identifier === undefined ? 0 : compareText(set.setIdentifier ?? '', identifier));
    return order < 0;
  };
  const all = sortedRecords(zone).filter((set) => !isBefore(set));
  const next = all[size];
  const element: Element = [
    'ListResourceRecordSetsResponse',
    elements(
      ['ResourceRecordSets', all.slice(0, size).map(recordSetElement)],
      ['IsTruncated', next !== undefined],
      ['MaxItems', size],
      ['NextRecordName', next?.name],
      ['NextRecordType', next?.type],
      ['NextRecordIdentifier', next?.setIdentifier],
    ),
  ];
  return { element };
}

function listProtections({ zones }: Route53State, { arguments: [id = ''], query }: Asked) {
  const zone = zones.find(id);
  const size = pageSize(query, 'maxresults', PAGE);
  const name = query.get('name') || undefined;
  const type = query.get('type') || undefined;
  if (name === undefined && type !== undefined)
    throw invalidInput("Invalid request: 'type' may only be given together with 'name'");
  const all = zone.protections.list().filter((protection) => {
    if (name === undefined) return true;
    const order = compareText(reversedName(protection.name), reversedName(name));
    return order > 0 || (order === 0 && (type === undefined || protection.type >= type));
  });
  const first = readToken(query.get('nexttoken'));
  const page = all
    .slice(first, first + size)
    .map(
      (protection): Element => [
        'ResourceRecordSetProtection',
        elements(['RecordName', protection.name], ['RecordType', protection.type], ['Comment', protection.comment]),
      ],
    );
  const element: Element = [
    'ListResourceRecordSetProtectionsResponse',
    elements(
      ['ResourceRecordSetProtections', page],
      ['NextToken', first + size < all.length ? Buffer.from(String(first + size)).toString('base64url') : undefined],
    ),
  ];
  return { element };
}

function readToken(token: string | null): number {
  if (!token) return 0;
  const first = Number(Buffer.from(token, 'base64url').toString());
  if (Number.isInteger(first) && first > 0) return first;
  throw new Route53Error(400, 'InvalidPaginationToken', `The pagination token ${token} is not valid`);
}

function readProtections(request: Node, item: string): readonly Protection[] {
  return itemsOf(request, 'Protections', item)
    .filter(isNode)
    .map((node) => {
      const comment = textOf(node, 'Comment');
      const which = { name: textOf(node, 'RecordName') ?? '', type: textOf(node, 'RecordType') ?? '' };
      return comment === undefined ? which : { ...which, comment };
    });
}

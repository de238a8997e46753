import { isWithin } from './names.ts';
import { describeSet, isSame, keyOf, problemsOfValues, type RecordSet } from './record-set.ts';

export type ChangeAction = 'CREATE' | 'UPSERT' | 'DELETE';

export interface Change {
  readonly action: ChangeAction;
  readonly set: RecordSet;
}

export type Records = ReadonlyMap<string, RecordSet>;

/**
 * The records of a zone after all changes, or why none is made. Changes are made one after the other on a copy, so that
 * `DELETE old, CREATE new` is a compare-and-swap: it fails when somebody else has changed the record.
 */
export function applyBatch(
  zone: string,
  before: Records,
  changes: readonly Change[],
): { readonly records: Records } | { readonly problems: readonly string[] } {
  const records = new Map(before);
  const problems = changes.flatMap((change) => applyChange(zone, records, change));
  const left = [...records.values()].filter(({ name }) => name === zone);
  if (problems.length === 0 && before.size > 0) {
    if (left.filter(({ type }) => type === 'SOA').length !== 1)
      problems.push('A HostedZone must contain exactly one SOA record.');
    if (!left.some(({ type }) => type === 'NS'))
      problems.push('A HostedZone must contain at least one NS record for the zone itself.');
  }
  return problems.length > 0 ? { problems } : { records };
}

function applyChange(zone: string, records: Map<string, RecordSet>, { action, set }: Change): readonly string[] {
  const key = keyOf(set);
  const current = records.get(key);
  if (!isWithin(set.name, zone)) return [`RRSet with DNS name ${set.name} is not permitted in zone ${zone}`];
  if (action === 'DELETE') {
    const what = `Tried to delete ${describeSet(set)}`;
    if (!current) return [`${what} but it was not found`];
    if (!isSame(current, set)) return [`${what} but the values provided do not match the current values`];
    records.delete(key);
    return [];
  }
  if (action === 'CREATE' && current) return [`Tried to create ${describeSet(set)} but it already exists`];
  const problems = [...problemsOfValues(set), ...conflictsOf(zone, records, set)];
  if (problems.length === 0) records.set(key, set);
  return problems;
}

/** What cannot stand beside what is there. */
function conflictsOf(zone: string, records: Records, set: RecordSet): string[] {
  if (set.type === 'CNAME' && set.name === zone)
    return [`RRSet of type CNAME with DNS name ${set.name} is not permitted at apex in zone ${zone}`];
  const beside = [...records.values()].filter(({ name }) => name === set.name);
  const other = beside.find(({ type }) => type !== set.type && (type === 'CNAME' || set.type === 'CNAME'));
  if (other) {
    return [
      `RRSet of type ${set.type} with DNS name ${set.name} is not permitted because a conflicting RRSet of type ` +
        `${other.type} with the same DNS name already exists in zone ${zone}`,
    ];
  }
  const alike = beside.filter(({ type, setIdentifier }) => type === set.type && setIdentifier !== set.setIdentifier);
  const unlike = alike.find((sibling) => routingKind(sibling) !== routingKind(set));
  if (!unlike) return [];
  const identifier = set.setIdentifier === undefined ? '' : `, SetIdentifier ${set.setIdentifier}`;
  return [
    `RRSet with DNS name ${set.name}, type ${set.type}${identifier} cannot be created because ` +
      `${article(routingKind(unlike))} RRSet with the same name and type already exists.`,
  ];
}

const KINDS: Readonly<Record<string, string>> = {
  Weight: 'weighted',
  Region: 'latency',
  Failover: 'failover',
  MultiValueAnswer: 'multivalue answer',
  GeoLocation: 'geolocation',
  CidrRoutingConfig: 'IP-based',
  GeoProximityLocation: 'geoproximity',
};

function routingKind({ routing }: RecordSet): string {
  const part = Object.keys(routing)[0];
  return part === undefined ? 'simple' : (KINDS[part] ?? part);
}

function article(kind: string): string {
  return `${/^[aeiouI]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

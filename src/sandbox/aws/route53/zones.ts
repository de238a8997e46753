import { setTimeout as delay } from 'node:timers/promises';
import { applyBatch, type Change, type Records } from './change-batch.ts';
import { identifier } from './changes.ts';
import { type Element, elements } from './element.ts';
import { compareText, normalName, problemOfName, reversedName } from './names.ts';
import { Protections } from './protections.ts';
import { compareSets, keyOf, type RecordSet } from './record-set.ts';
import { child, isNode, type Node, textOf } from './request-body.ts';
import { invalidChangeBatch, invalidInput, Route53Error } from './route53-error.ts';

export interface Zone {
  readonly id: string;
  /** Normal: lower case, dot at the end. */
  readonly name: string;
  readonly callerReference: string;
  readonly vpc: Node | undefined;
  readonly nameServers: readonly string[];
  readonly protections: Protections;
  comment: string | undefined;
  records: Records;
  isBusy: boolean;
}

/** How long a zone takes in a change; another one that comes meanwhile is refused. */
const PROCESSING_MS = 300;

/** Hosted zones and their records. */
export class Zones {
  readonly #byId = new Map<string, Zone>();
  readonly #processingMs: number;

  constructor({ clockFactor }: { readonly clockFactor: number }) {
    this.#processingMs = PROCESSING_MS * clockFactor;
  }

  /** Throws InvalidInput, InvalidDomainName, HostedZoneAlreadyExists. */
  create(request: Node): Zone {
    const name = textOf(request, 'Name');
    const callerReference = textOf(request, 'CallerReference');
    if (name === undefined || callerReference === undefined)
      throw invalidInput(`Invalid request: Missing field '${name === undefined ? 'Name' : 'CallerReference'}'`);
    const problem = problemOfName(name);
    if (problem !== undefined) throw new Route53Error(400, 'InvalidDomainName', problem);
    if (this.list().some((zone) => zone.callerReference === callerReference)) {
      const message = `A hosted zone has already been created with the specified caller reference: ${callerReference}`;
      throw new Route53Error(409, 'HostedZoneAlreadyExists', message);
    }
    const vpc = isNode(request.VPC) ? request.VPC : undefined;
    const nameServers = vpc
      ? []
      : ['com', 'net', 'org', 'co.uk'].map((end, index) => `ns-${512 * index + 1}.awsdns-0${index}.${end}`);
    const normal = normalName(name);
    const zone: Zone = {
      id: identifier('Z'),
      name: normal,
      callerReference,
      vpc,
      nameServers,
      protections: new Protections(normal),
      comment: textOf(child(request, 'HostedZoneConfig'), 'Comment'),
      records: ownRecords(normal, nameServers),
      isBusy: false,
    };
    this.#byId.set(zone.id, zone);
    return zone;
  }

  /** Throws NoSuchHostedZone. */
  find(id: string): Zone {
    const zone = this.#byId.get(id);
    if (zone) return zone;
    throw new Route53Error(404, 'NoSuchHostedZone', `No hosted zone found with ID: ${id}`);
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** In the order of their making. */
  list(): readonly Zone[] {
    return [...this.#byId.values()];
  }

  /** By name with its labels reversed, then by id. */
  listByName(): readonly Zone[] {
    return this.list().toSorted(
      (left, right) => compareText(reversedName(left.name), reversedName(right.name)) || compareText(left.id, right.id),
    );
  }

  /** Throws HostedZoneNotEmpty while it has other records than its own, or protections. */
  delete(id: string): void {
    const zone = this.find(id);
    const others = [...zone.records.values()].filter(
      ({ name, type }) => name !== zone.name || (type !== 'NS' && type !== 'SOA'),
    );
    if (others.length > 0) {
      const message = 'The specified hosted zone contains non-required resource record sets  and so cannot be deleted.';
      throw new Route53Error(400, 'HostedZoneNotEmpty', message);
    }
    if (zone.protections.size > 0) {
      const message = 'The specified hosted zone contains resource record set protections and so cannot be deleted.';
      throw new Route53Error(400, 'HostedZoneNotEmpty', message);
    }
    this.#byId.delete(id);
  }

  /**
   * All changes or none, one batch of a zone at a time.
   *
   * Throws InvalidChangeBatch with every problem, PriorRequestNotComplete while another batch is being taken in.
   */
  async change(id: string, changes: readonly Change[]): Promise<void> {
    const zone = this.find(id);
    await this.exclusively(zone, () => {
      const isProtected = zone.protections.problemsOf(changes);
      if (isProtected.length > 0) throw invalidChangeBatch(isProtected);
      const after = applyBatch(zone.name, zone.records, changes);
      if ('problems' in after) throw invalidChangeBatch(after.problems);
      zone.records = after.records;
    });
  }

  /** Runs `work` at once and keeps the zone busy for a while. Throws PriorRequestNotComplete when it is. */
  async exclusively(zone: Zone, work: () => void): Promise<void> {
    if (zone.isBusy) {
      const message = 'The request was rejected because Route 53 was still processing a prior request.';
      throw new Route53Error(400, 'PriorRequestNotComplete', message);
    }
    work();
    zone.isBusy = true;
    try {
      await delay(this.#processingMs);
    } finally {
      zone.isBusy = false;
    }
  }
}

/** In the order in which they are listed. */
export function sortedRecords({ records }: Zone): readonly RecordSet[] {
  return [...records.values()].toSorted(compareSets);
}

export function zoneElement({ id, name, callerReference, comment, vpc, records }: Zone): Element {
  return [
    'HostedZone',
    elements(
      ['Id', `/hostedzone/${id}`],
      ['Name', name],
      ['CallerReference', callerReference],
      ['Config', elements(['Comment', comment], ['PrivateZone', vpc !== undefined])],
      ['ResourceRecordSetCount', records.size],
    ),
  ];
}

/** Absent for a private zone. */
export function delegationElement({ nameServers }: Zone): Element {
  const listed = nameServers.map((server): Element => ['NameServer', server]);
  return ['DelegationSet', listed.length > 0 ? [['NameServers', listed]] : undefined];
}

export function vpcElement(vpc: Node | undefined): Element {
  return ['VPC', vpc && elements(['VPCRegion', textOf(vpc, 'VPCRegion')], ['VPCId', textOf(vpc, 'VPCId')])];
}

function ownRecords(name: string, nameServers: readonly string[]): Records {
  const servers = nameServers.length > 0 ? nameServers : ['ns-1.awsdns-00.com'];
  const values = servers.map((server) => `${server}.`);
  const own: readonly RecordSet[] = [
    { name, type: 'NS', ttl: '172800', values, routing: {} },
    {
      name,
      type: 'SOA',
      ttl: '900',
      values: [`${values[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400`],
      routing: {},
    },
  ];
  return new Map(own.map((set) => [keyOf(set), set]));
}

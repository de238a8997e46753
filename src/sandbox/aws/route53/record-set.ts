import { isIPv4, isIPv6 } from 'node:net';
import { compareText, normalName, reversedName } from './names.ts';
import { invalidInput } from './route53-error.ts';
import { type Element, elements } from './element.ts';
import { isNode, itemsOf, type Node, textOf } from './request-body.ts';

/** Parts that tell record sets of one name and type apart by how they are routed; kept as they came. */
const ROUTING = ['Weight', 'Region', 'Failover', 'MultiValueAnswer'] as const;
const NESTED_ROUTING = ['GeoLocation', 'CidrRoutingConfig', 'GeoProximityLocation'] as const;

const TYPES = new Set('SOA A TXT NS CNAME MX NAPTR PTR SRV SPF AAAA CAA DS TLSA SSHFP SVCB HTTPS'.split(' '));

export interface RecordSet {
  /** Normal: lower case, dot at the end. */
  readonly name: string;
  readonly type: string;
  readonly setIdentifier?: string;
  readonly routing: Readonly<Record<string, string | Node>>;
  readonly ttl?: string;
  readonly values: readonly string[];
  readonly alias?: { readonly hostedZoneId: string; readonly dnsName: string; readonly evaluate: string };
  readonly healthCheckId?: string;
}

/** Throws InvalidInput, naming the change as the service does. */
export function readRecordSet(node: Node, action: string): RecordSet {
  const name = textOf(node, 'Name');
  const type = textOf(node, 'Type');
  if (name === undefined || type === undefined) {
    throw invalidInput(`Invalid request: Missing field '${name === undefined ? 'Name' : 'Type'}' in Change`);
  }
  if (!TYPES.has(type)) throw invalidInput(`Invalid request: ${type} is no type of resource records`);
  const setIdentifier = textOf(node, 'SetIdentifier');
  const which = `Change with [Action=${action}, Name=${normalName(name)}, Type=${type}, SetIdentifier=${setIdentifier ?? 'null'}]`;
  const values = itemsOf(node, 'ResourceRecords', 'ResourceRecord')
    .filter(isNode)
    .map((record) => textOf(record, 'Value') ?? '');
  const ttl = textOf(node, 'TTL');
  const alias = readAlias(node);
  const isPlain = ttl !== undefined && values.length > 0;
  if (alias ? ttl !== undefined || values.length > 0 : !isPlain) {
    const found = alias ? 'more than one' : 'none';
    throw invalidInput(
      'Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or ' +
        `TrafficPolicyInstanceId], but found ${found} in ${which}`,
    );
  }
  const routing = readRouting(node);
  if (Object.keys(routing).length > 0 && setIdentifier === undefined)
    throw invalidInput(`Invalid request: Missing field 'SetIdentifier' in ${which}`);
  if (Object.keys(routing).length === 0 && setIdentifier !== undefined) {
    const one = '[Weight, Region, Failover, GeoLocation, MultiValueAnswer, CidrRoutingConfig, GeoProximityLocation]';
    throw invalidInput(`Invalid request: Expected exactly one of ${one}, but found none in ${which}`);
  }
  const healthCheckId = textOf(node, 'HealthCheckId');
  return {
    name: normalName(name),
    type,
    routing,
    values,
    ...(setIdentifier === undefined ? {} : { setIdentifier }),
    ...(ttl === undefined ? {} : { ttl: String(Number(ttl)) }),
    ...(alias ? { alias } : {}),
    ...(healthCheckId === undefined ? {} : { healthCheckId }),
  };
}

function readAlias(node: Node): RecordSet['alias'] {
  const target = node.AliasTarget;
  if (!isNode(target)) return undefined;
  const hostedZoneId = textOf(target, 'HostedZoneId') ?? '';
  const dnsName = normalName(textOf(target, 'DNSName') ?? '');
  return { hostedZoneId, dnsName, evaluate: textOf(target, 'EvaluateTargetHealth') ?? 'false' };
}

function readRouting(node: Node): Record<string, string | Node> {
  const routing: Record<string, string | Node> = {};
  for (const part of ROUTING) {
    const value = textOf(node, part);
    if (value !== undefined) routing[part] = value;
  }
  for (const part of NESTED_ROUTING) {
    const value = node[part];
    if (isNode(value)) routing[part] = value;
  }
  return routing;
}

export function recordSetElement(set: RecordSet): Element {
  const { name, type, setIdentifier, routing, ttl, values, alias, healthCheckId } = set;
  const routed = [...ROUTING, ...NESTED_ROUTING].map((part): Element => [part, contentOf(routing[part])]);
  const records = values.map((value): Element => ['ResourceRecord', [['Value', value]]]);
  return [
    'ResourceRecordSet',
    elements(
      ['Name', name],
      ['Type', type],
      ['SetIdentifier', setIdentifier],
      ...routed,
      ['TTL', ttl],
      ['ResourceRecords', records.length > 0 ? records : undefined],
      [
        'AliasTarget',
        alias && [
          ['HostedZoneId', alias.hostedZoneId],
          ['DNSName', alias.dnsName],
          ['EvaluateTargetHealth', alias.evaluate],
        ],
      ],
      ['HealthCheckId', healthCheckId],
    ),
  ];
}

function contentOf(value: string | Node | undefined): Element[1] {
  if (value === undefined || typeof value === 'string') return value;
  return Object.entries(value).map(
    ([name, within]): Element => [name, isNode(within) ? contentOf(within) : String(within)],
  );
}

/** Name, type and set identifier: of these there is one. */
export function keyOf({ name, type, setIdentifier = '' }: RecordSet): string {
  return JSON.stringify([name, type, setIdentifier]);
}

/** How the service writes it in its messages. */
export function describeSet({ name, type, setIdentifier }: RecordSet): string {
  const identifier = setIdentifier === undefined ? '' : `, set-identifier='${setIdentifier}'`;
  return `resource record set [name='${name}', type='${type}'${identifier}]`;
}

/** All values the same; the order of the records does not count. */
export function isSame(left: RecordSet, right: RecordSet): boolean {
  const comparable = ({ values, routing, ...rest }: RecordSet): string => {
    const sorted = Object.entries(routing).toSorted(([a], [b]) => compareText(a, b));
    const { ttl, alias, healthCheckId } = rest;
    return JSON.stringify([values.toSorted(), sorted, ttl ?? null, alias ?? null, healthCheckId ?? null]);
  };
  return keyOf(left) === keyOf(right) && comparable(left) === comparable(right);
}

/** The order in which they are listed. */
export function compareSets(left: RecordSet, right: RecordSet): number {
  return (
    compareText(reversedName(left.name), reversedName(right.name)) ||
    compareText(left.type, right.type) ||
    compareText(left.setIdentifier ?? '', right.setIdentifier ?? '')
  );
}

/** What the values of a record set say that its type does not allow, in the service's words. */
export function problemsOfValues({ type, values, ttl }: RecordSet): string[] {
  const problems: string[] = [];
  const wrong = (kind: string, what: string, value: string): void => {
    problems.push(`Invalid Resource Record: 'FATAL problem: ${kind} (${what}) encountered with '${value}''`);
  };
  for (const [index, value] of values.entries()) {
    if (values.indexOf(value) !== index) problems.push(`Duplicate Resource Record: '${value}'`);
    if (type === 'A' && !isIPv4(value)) wrong('ARRDATAIllegalIPv4Address', 'Value is not a valid IPv4 address', value);
    if (type === 'AAAA' && !isIPv6(value))
      wrong('AAAARRDATAIllegalIPv6Address', 'Value is not a valid IPv6 address', value);
    if ((type === 'TXT' || type === 'SPF') && !/^("(?:[^"\\]|\\.){0,255}"\s*)+$/.test(value))
      wrong('InvalidCharacterString', 'Value should be enclosed in quotation marks', value);
  }
  if (type === 'CNAME' && values.length > 1) problems.push('CNAME resource record sets can only have one value');
  if (ttl !== undefined && !(Number(ttl) >= 0 && Number(ttl) <= 2_147_483_647)) problems.push(`Invalid TTL: '${ttl}'`);
  return problems;
}

import { randomUUID } from 'node:crypto';
import { type Element, elements } from './element.ts';
import { child, isList, isNode, type Node, textOf } from './request-body.ts';
import { invalidInput, Route53Error } from './route53-error.ts';

interface HealthCheck {
  readonly id: string;
  readonly callerReference: string;
  readonly version: number;
  readonly config: Node;
}

const TYPES = new Set(
  'HTTP HTTPS HTTP_STR_MATCH HTTPS_STR_MATCH TCP CALCULATED CLOUDWATCH_METRIC RECOVERY_CONTROL'.split(' '),
);
/** What an update may change; the type, the interval and the measuring of latency stay. */
const UPDATABLE = [
  'IPAddress',
  'Port',
  'ResourcePath',
  'FullyQualifiedDomainName',
  'SearchString',
  'FailureThreshold',
  'Inverted',
  'Disabled',
  'HealthThreshold',
  'ChildHealthChecks',
  'EnableSNI',
  'Regions',
  'AlarmIdentifier',
  'InsufficientDataHealthStatus',
] as const;
const RESETTABLE: Readonly<Record<string, string>> = {
  FullyQualifiedDomainName: 'FullyQualifiedDomainName',
  Regions: 'Regions',
  ResourcePath: 'ResourcePath',
  ChildHealthChecks: 'ChildHealthChecks',
};

/** Health checks as configurations: nothing is asked of what they name. */
export class HealthChecks {
  readonly #byId = new Map<string, HealthCheck>();
  /** Also of those that were deleted: a reference is never good for a second one. */
  readonly #byReference = new Map<string, { readonly id: string; readonly asked: string }>();

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Answers the one that stands when the same was asked before. Throws HealthCheckAlreadyExists for another one. */
  create(request: Node): { readonly check: Element; readonly id: string } {
    const callerReference = textOf(request, 'CallerReference');
    if (callerReference === undefined) throw invalidInput("Invalid request: Missing field 'CallerReference'");
    const asked = child(request, 'HealthCheckConfig');
    const known = this.#byReference.get(callerReference);
    if (known) {
      if (known.asked === canonical(asked) && this.#byId.has(known.id))
        return { check: this.get(known.id), id: known.id };
      const message = 'A health check has already been created with the specified caller reference.';
      throw new Route53Error(409, 'HealthCheckAlreadyExists', message);
    }
    const config = withDefaults(asked);
    const id = randomUUID();
    this.#byId.set(id, { id, callerReference, version: 1, config });
    this.#byReference.set(callerReference, { id, asked: canonical(asked) });
    return { check: this.get(id), id };
  }

  /** Throws NoSuchHealthCheck. */
  get(id: string): Element {
    return view(this.#find(id));
  }

  /** In the order of their making. */
  list(): readonly { readonly id: string; readonly check: Element }[] {
    return [...this.#byId.values()].map((found) => ({ id: found.id, check: view(found) }));
  }

  /** Throws NoSuchHealthCheck, HealthCheckVersionMismatch when somebody else was faster. */
  update(id: string, request: Node): Element {
    const found = this.#find(id);
    const expected = textOf(request, 'HealthCheckVersion');
    if (expected !== undefined && Number(expected) !== found.version) {
      const message = `The value of HealthCheckVersion is ${expected}, the version of the health check is ${found.version}.`;
      throw new Route53Error(409, 'HealthCheckVersionMismatch', message);
    }
    const changed: Record<string, Node[string]> = { ...found.config };
    for (const field of UPDATABLE) if (request[field] !== undefined) changed[field] = request[field];
    const resets = child(request, 'ResetElements').ResettableElementName;
    for (const name of isList(resets) ? resets : []) {
      const field = RESETTABLE[String(name)];
      if (field !== undefined) delete changed[field];
    }
    this.#byId.set(id, { ...found, config: changed, version: found.version + 1 });
    return this.get(id);
  }

  /** Throws NoSuchHealthCheck. */
  delete(id: string): void {
    this.#find(id);
    this.#byId.delete(id);
  }

  #find(id: string): HealthCheck {
    const found = this.#byId.get(id);
    if (found) return found;
    throw new Route53Error(404, 'NoSuchHealthCheck', `A health check with id ${id} does not exist.`);
  }
}

function withDefaults(config: Node): Node {
  const type = textOf(config, 'Type');
  if (type === undefined || !TYPES.has(type)) {
    throw invalidInput(`Invalid parameter : Type must be one of ${[...TYPES].join(', ')}, got ${type ?? 'none'}`);
  }
  const isEndpoint = !['CALCULATED', 'CLOUDWATCH_METRIC', 'RECOVERY_CONTROL'].includes(type);
  if (!isEndpoint) return { Inverted: 'false', Disabled: 'false', ...config };
  if (textOf(config, 'IPAddress') === undefined && textOf(config, 'FullyQualifiedDomainName') === undefined)
    throw invalidInput('Invalid parameter : Either IPAddress or FullyQualifiedDomainName must be specified');
  if (type.endsWith('_STR_MATCH') && textOf(config, 'SearchString') === undefined)
    throw invalidInput(`Invalid parameter : SearchString is required for the type ${type}`);
  const isSecure = type.startsWith('HTTPS');
  return {
    Port: isSecure ? '443' : '80',
    RequestInterval: '30',
    FailureThreshold: '3',
    MeasureLatency: 'false',
    Inverted: 'false',
    Disabled: 'false',
    EnableSNI: String(isSecure),
    ...config,
  };
}

function view({ id, callerReference, version, config }: HealthCheck): Element {
  return [
    'HealthCheck',
    elements(
      ['Id', id],
      ['CallerReference', callerReference],
      ['HealthCheckConfig', contentOf(config)],
      ['HealthCheckVersion', version],
    ),
  ];
}

function contentOf(node: Node): readonly Element[] {
  return Object.entries(node).flatMap(([name, value]): Element[] => {
    if (value === undefined) return [];
    const items = isList(value) ? value : [value];
    return items.map((item): Element => [name, isNode(item) ? contentOf(item) : item]);
  });
}

function canonical(node: Node): string {
  return JSON.stringify(node, (_, value: unknown) =>
    isNode(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
}

import type { Changes } from './changes.ts';
import type { Element } from './element.ts';
import type { HealthChecks } from './health-checks.ts';
import { healthCheckOperations } from './health-check-operations.ts';
import { recordOperations } from './record-operations.ts';
import { tagOperations } from './tag-operations.ts';
import type { Tags } from './tags.ts';
import { zoneOperations } from './zone-operations.ts';
import type { Zones } from './zones.ts';

export interface Route53State {
  readonly zones: Zones;
  readonly changes: Changes;
  readonly checks: HealthChecks;
  readonly tags: Tags;
}

export interface Asked {
  /** What stands in the path for the parts in braces, in their order. */
  readonly arguments: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Buffer;
  /** To make a Location of. */
  readonly host: string;
}

export interface Answer {
  /** 200 when absent. */
  readonly status?: number;
  readonly location?: string;
  readonly element: Element;
}

export interface Operation {
  /** As the SDKs name it. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** After the version: `hostedzone/{}/rrset`. */
  readonly path: string;
  readonly run: (state: Route53State, asked: Asked) => Answer | Promise<Answer>;
}

const OPERATIONS: readonly Operation[] = [
  ...zoneOperations,
  ...recordOperations,
  ...healthCheckOperations,
  ...tagOperations,
];

/** Which operation method and path ask for; undefined for one that is not known here. */
export function routeOf(
  method: string,
  path: string,
): (Operation & { readonly arguments: readonly string[] }) | undefined {
  // Clients differ in a slash at the end.
  const asked = path.replace(/\/+$/, '').split('/').slice(1);
  if (asked[0] !== '2013-04-01') return undefined;
  const parts = asked.slice(1).map(decode);
  for (const operation of OPERATIONS) {
    const wanted = operation.path.split('/');
    if (operation.method !== method || wanted.length !== parts.length) continue;
    if (wanted.every((part, index) => part === '{}' || part === parts[index]))
      return { ...operation, arguments: parts.filter((_, index) => wanted[index] === '{}') };
  }
  return undefined;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

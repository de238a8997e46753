import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, forbidden } from './api-error.ts';
import type { ActiveFault, RequestTraits } from './faults.ts';
import type { ResourceKind } from './kinds/kind.ts';
import type { Route } from './route.ts';

/** A request the way fault rules see it. */
export function traitsOf(
  route: Extract<Route, { type: 'resource' }>,
  verb: string,
  request: IncomingMessage,
): RequestTraits {
  const { kind, name, namespace, subresource } = route;
  const userAgent = request.headers['user-agent'];
  return {
    verb,
    resource: subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`,
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** Delays, then refuses as the rule says; returns when the request may go on. Throws ApiError. */
export async function sufferFault(fault: ActiveFault, kind: ResourceKind, traits: RequestTraits): Promise<void> {
  if (fault.delayMs) await sleep(fault.delayMs, undefined, { ref: false });
  if (fault.deny && !kind.createOnly)
    throw forbidden(
      kind,
      traits.name ?? '',
      `User "sandbox" cannot ${traits.verb} resource "${traits.resource}" in API group "${kind.group}"`,
    );
  if (fault.status === undefined) return;
  throw new ApiError(
    fault.status,
    REASONS[fault.status] ?? '',
    `fault ${fault.id}: ${traits.verb} ${traits.resource} answers ${fault.status}`,
    fault.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: fault.retryAfterSeconds },
  );
}

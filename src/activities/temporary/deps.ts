import { createHmac } from 'node:crypto';
import type { TemporaryInstance } from '../../core/model/temporary.ts';
import type { Endpoint } from '../../core/model/backup.ts';
import type { DatabasePlan } from '../../core/model/database.ts';
import { type DatabaseActivityDeps, sourceUrl } from '../database/deps.ts';

export interface TemporaryActivityDeps extends DatabaseActivityDeps {
  /**
   * The key that passwords of temporary instances are made from. The same on every worker that may run a part of the
   * same verification.
   */
  readonly temporarySecret: () => Promise<string>;
}

export type TemporaryRole = 'master' | 'verifier';
export const VERIFIER_ROLE = 'mainstay_verifier';

/**
 * Follows from key, instance and role: every attempt, on every worker, has the same, and none stands in a history. 43
 * characters that RDS, URLs and SQL take as they are.
 */
export async function passwordOf(
  { temporarySecret }: Pick<TemporaryActivityDeps, 'temporarySecret'>,
  { identifier, operation, run }: TemporaryInstance,
  role: TemporaryRole,
): Promise<string> {
  const key = await temporarySecret();
  return createHmac('sha256', key).update(`${role}/${identifier}/${operation}/${run}`).digest('base64url');
}

/**
 * How to reach the copy: the source's way (TLS and other parameters of its URL) with the copy's address and passwords of
 * its own.
 */
export async function copyUrl(
  deps: TemporaryActivityDeps,
  input: { readonly plan: DatabasePlan; readonly temporary: TemporaryInstance; readonly endpoint: Endpoint },
  role: TemporaryRole,
  signal?: AbortSignal,
): Promise<string> {
  const { plan, temporary, endpoint } = input;
  const url = await sourceUrl(deps, plan, signal);
  url.hostname = endpoint.host;
  url.port = String(endpoint.port);
  url.username = encodeURIComponent(role === 'master' ? plan.masterUsername : VERIFIER_ROLE);
  url.password = encodeURIComponent(await passwordOf(deps, temporary, role));
  // In a URL of libpq these would beat what stands before them.
  for (const name of ['host', 'hostaddr', 'port', 'user', 'password', 'dbname']) url.searchParams.delete(name);
  return url.href;
}

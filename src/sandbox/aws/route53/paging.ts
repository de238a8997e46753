import { invalidInput } from './route53-error.ts';

/** `maxitems` or its like: at most `limit`, which is also the default. Throws InvalidInput. */
export function pageSize(query: URLSearchParams, name: string, limit: number): number {
  const asked = query.get(name);
  if (asked === null || asked === '') return limit;
  if (!/^\d{1,9}$/.test(asked) || Number(asked) === 0)
    throw invalidInput(`Invalid parameter : ${name} must be a whole number, at least 1, got ${asked}`);
  return Math.min(Number(asked), limit);
}

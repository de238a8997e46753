/**
 * One text for one value: keys sorted by UTF-16 code units, no white space, fields that are undefined left out, numbers
 * as JSON writes them (RFC 8785 without its rules for numbers that JSON cannot carry). Throws on what JSON has no word
 * for (NaN, infinity, functions, bigint): a digest over it would hide a difference.
 *
 * `canonicalJson({ b: 1, a: [true, null] })` -> `{"a":[true,null],"b":1}`
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON: expected a finite number, found ${value}`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`canonical JSON: expected a JSON value, found a ${typeof value}`);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

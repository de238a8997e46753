/** Parameters of one call in the AWS Query protocol: a form in which lists are numbered names. */
import { RdsError } from './errors.ts';

export type Tags = Readonly<Record<string, string>>;

export class QueryInput {
  readonly #form: URLSearchParams;

  constructor(form: URLSearchParams) {
    this.#form = form;
  }

  has(name: string): boolean {
    return this.#form.has(name);
  }

  /** Undefined when absent or empty, as RDS takes it. */
  text(name: string): string | undefined {
    return this.#form.get(name) || undefined;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new RdsError('MissingParameter', `The request must contain the parameter ${name}`);
    return value;
  }

  whole(name: string, bounds: { readonly min: number; readonly max: number }): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (/^\d{1,10}$/.test(value) && number >= bounds.min && number <= bounds.max) return number;
    throw new RdsError(
      'InvalidParameterValue',
      `Invalid value ${value} for ${name}. Must be a whole number between ${bounds.min} and ${bounds.max}`,
    );
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (value.toLowerCase() === 'true') return true;
    if (value.toLowerCase() === 'false') return false;
    throw new RdsError('InvalidParameterValue', `Invalid value ${value} for ${name}. Must be true or false`);
  }

  /** Milliseconds since 1970 of an ISO 8601 time. */
  time(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const ms = Date.parse(value);
    if (Number.isFinite(ms)) return ms;
    throw new RdsError('InvalidParameterValue', `Invalid value ${value} for ${name}. Must be a time in ISO 8601`);
  }

  /** `Name.<member>.1`, `Name.member.1` or `Name.1`; undefined when the list is not there at all. */
  list(name: string): readonly string[] | undefined {
    const found = this.#members(name).flatMap(({ prefix, index }) => {
      const value = this.#form.get(`${prefix}.${index}`);
      return value === null ? [] : [value];
    });
    return found.length > 0 ? found : undefined;
  }

  /** Undefined when no tag was given: that is another thing than none. */
  tags(name = 'Tags'): Tags | undefined {
    const members = this.#members(name);
    if (members.length === 0) return undefined;
    const tags: Record<string, string> = {};
    for (const { prefix, index } of members) {
      const key = this.#form.get(`${prefix}.${index}.Key`) ?? '';
      const value = this.#form.get(`${prefix}.${index}.Value`) ?? '';
      if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key) || key.startsWith('aws:')) {
        throw new RdsError('InvalidParameterValue', `Invalid tag key: ${key}`);
      }
      if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value)) {
        throw new RdsError('InvalidParameterValue', `Invalid value of tag ${key}: ${value}`);
      }
      tags[key] = value;
    }
    if (Object.keys(tags).length > 50) throw new RdsError('InvalidParameterValue', 'A resource has at most 50 tags');
    return tags;
  }

  /** `Filters.Filter.1.Name`, `Filters.Filter.1.Values.Value.1`. A name outside of `known` is refused. */
  filters(known: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
    const filters = new Map<string, ReadonlySet<string>>();
    for (const { prefix, index } of this.#members('Filters')) {
      const name = this.#form.get(`${prefix}.${index}.Name`) ?? '';
      if (!known.includes(name)) throw new RdsError('InvalidParameterValue', `Unrecognized filter name: ${name}`);
      filters.set(name, new Set(this.list(`${prefix}.${index}.Values`)));
    }
    return filters;
  }

  /** Structures of a list: each as a reader of its own. */
  structures(name: string): readonly QueryInput[] {
    return this.#members(name).map(({ prefix, index }) => {
      const start = `${prefix}.${index}.`;
      const inner = [...this.#form].filter(([key]) => key.startsWith(start));
      return new QueryInput(
        new URLSearchParams(Object.fromEntries(inner.map(([key, value]) => [key.slice(start.length), value]))),
      );
    });
  }

  #members(name: string): readonly { readonly prefix: string; readonly index: number }[] {
    const found = new Map<string, { prefix: string; index: number }>();
    for (const key of this.#form.keys()) {
      if (!key.startsWith(`${name}.`)) continue;
      const match = /^((?:[A-Za-z]+\.)?)(\d+)(?:\.|$)/.exec(key.slice(name.length + 1));
      if (!match) continue;
      const prefix = `${name}.${match[1] ?? ''}`.replace(/\.$/, '');
      found.set(`${prefix}.${match[2]}`, { prefix, index: Number(match[2]) });
    }
    return [...found.values()].sort((a, b) => a.index - b.index);
  }
}

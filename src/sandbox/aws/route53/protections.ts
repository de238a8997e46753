import { compareText, isWithin, normalName, problemOfName, reversedName } from './names.ts';
import { invalidInput, Route53Error } from './route53-error.ts';
import type { Change } from './change-batch.ts';
import type { Element } from './element.ts';

export interface Protection {
  readonly name: string;
  readonly type: string;
  readonly comment?: string;
}

interface Failing {
  readonly name: string;
  readonly type: string;
  readonly code: 'InvalidInput' | 'ProtectionAlreadyExists' | 'ProtectionNotFound';
  readonly message: string;
}

const BATCH_LIMIT = 100;

/** Names and types of one zone that no change batch may touch. */
export class Protections {
  readonly #zone: string;
  readonly #byKey = new Map<string, Protection>();

  constructor(zone: string) {
    this.#zone = zone;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** All or none. Throws ProtectionAlreadyExists when each one stands already, else InvalidResourceRecordSetProtectionBatch. */
  create(wanted: readonly Protection[]): void {
    this.#checkEntries(wanted);
    const failing = wanted
      .filter((entry) => this.#byKey.has(keyOf(entry)))
      .map(({ name, type }): Failing => {
        const message = `A protection already exists for name ${normalName(name)} and type ${type}.`;
        return { name, type, code: 'ProtectionAlreadyExists', message };
      });
    if (failing.length === wanted.length) {
      throw refusal(409, 'ProtectionAlreadyExists', 'A protection already exists for every entry.', failing);
    }
    if (failing.length > 0) throw invalidBatch(failing);
    for (const entry of wanted) this.#byKey.set(keyOf(entry), { ...entry, name: normalName(entry.name) });
  }

  /** All or none. Throws InvalidResourceRecordSetProtectionBatch. */
  delete(unwanted: readonly Protection[]): void {
    this.#checkEntries(unwanted);
    const failing = unwanted
      .filter((entry) => !this.#byKey.has(keyOf(entry)))
      .map(({ name, type }): Failing => {
        const message = `No protection exists for name ${normalName(name)} and type ${type}.`;
        return { name, type, code: 'ProtectionNotFound', message };
      });
    if (failing.length > 0) throw invalidBatch(failing);
    for (const entry of unwanted) this.#byKey.delete(keyOf(entry));
  }

  /** In the order of names, then types. */
  list(): readonly Protection[] {
    return [...this.#byKey.values()].toSorted(
      (left, right) =>
        compareText(reversedName(left.name), reversedName(right.name)) || compareText(left.type, right.type),
    );
  }

  /** Why a batch is refused: one message for each protected record set that it touches. */
  problemsOf(changes: readonly Change[]): readonly string[] {
    const messages = changes.flatMap(({ set: { name, type } }) => {
      const protection = this.#byKey.get(keyOf({ name, type }));
      if (!protection) return [];
      const comment = protection.comment === undefined ? '' : `: ${protection.comment}`;
      return [`The resource record set [name='${protection.name}', type='${type}'] is protected${comment}`];
    });
    return [...new Set(messages)];
  }

  #checkEntries(entries: readonly Protection[]): void {
    if (entries.length === 0 || entries.length > BATCH_LIMIT)
      throw invalidInput(`Expected 1 to ${BATCH_LIMIT} protections, got ${entries.length}`);
    const seen = new Set<string>();
    const failing: Failing[] = [];
    for (const { name, type, comment = '' } of entries) {
      const key = keyOf({ name, type });
      const message =
        problemOfName(name) ??
        (isWithin(name, this.#zone) ? undefined : `The name is not in the hosted zone ${this.#zone}`) ??
        (seen.has(key) ? 'The same name and type appear more than once' : undefined) ??
        (comment.length > 256 ? 'The comment is longer than 256 characters' : undefined);
      if (message !== undefined) failing.push({ name, type, code: 'InvalidInput', message });
      seen.add(key);
    }
    if (failing.length > 0) throw invalidBatch(failing);
  }
}

function keyOf({ name, type }: Protection): string {
  return `${normalName(name)} ${type}`;
}

function invalidBatch(failing: readonly Failing[]): Route53Error {
  const message = 'One or more entries could not be processed; nothing was changed.';
  return refusal(400, 'InvalidResourceRecordSetProtectionBatch', message, failing);
}

function refusal(status: number, code: string, message: string, failing: readonly Failing[]): Route53Error {
  const errors = failing.map(
    ({ name, type, ...why }): Element => [
      'ProtectionError',
      [
        ['RecordName', normalName(name)],
        ['RecordType', type],
        ['Code', why.code],
        ['Message', why.message],
      ],
    ],
  );
  return new Route53Error(status, code, message, [['Errors', errors]]);
}

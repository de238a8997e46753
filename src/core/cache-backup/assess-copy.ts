/** Whether a loaded copy of a cache is what the cache was. */
import type { KeySample, RedisFacts } from '../model/cache.ts';

export interface LoadedCopy {
  readonly facts: RedisFacts;
  /** What stands at the keys of the manifest's samples. */
  readonly samples: readonly KeySample[];
  readonly loadedAtMs: number;
}

export type CopyAssessment =
  | { readonly outcome: 'verified'; readonly says: readonly string[] }
  | { readonly outcome: 'failed'; readonly says: readonly string[] };

/** Of a source that is written to: what may come and go while it is copied, as a share of its keys, and at least. */
const MOVEMENT = { share: 0.02, atLeast: 50 } as const;
/** Clocks of two servers, and the milliseconds between two questions. */
const EXPIRY_SLACK_MS = 5000;

/**
 * - Keys that do not expire: between the counts before and after the copy; equal when both are. While the source moves,
 *   2 % (at least 50 keys) more or less are its movement.
 * - Keys that expire: not more than there were, with the same allowance; fewer may have expired since.
 * - Samples that stood unchanged before and after: each must be there, unless its time has come.
 */
export function assessCopy(
  source: { readonly before: RedisFacts; readonly after: RedisFacts; readonly stable: readonly KeySample[] },
  copy: LoadedCopy,
): CopyAssessment {
  const faults = [...countFaults(source, copy), ...sampleFaults(source.stable, copy)];
  if (faults.length > 0) return { outcome: 'failed', says: faults };
  const keys = total(copy.facts, 'keys');
  const compared = source.stable.length;
  return { outcome: 'verified', says: [`loaded: ${keys} keys; ${compared} sampled keys compared, all the same`] };
}

function countFaults(source: { readonly before: RedisFacts; readonly after: RedisFacts }, copy: LoadedCopy): string[] {
  const indexes = new Set(
    [source.before, source.after, copy.facts].flatMap(({ databases }) => databases.map(({ index }) => index)),
  );
  return [...indexes].flatMap((index) => {
    const [before, after, seen] = [source.before, source.after, copy.facts].map((facts) => countsOf(facts, index));
    if (before === undefined || after === undefined || seen === undefined) return [];
    const isQuiet = before.lasting === after.lasting && before.expires === after.expires;
    const slack = isQuiet ? 0 : Math.max(MOVEMENT.atLeast, Math.ceil(before.lasting * MOVEMENT.share));
    const [low, high] = [Math.min(before.lasting, after.lasting), Math.max(before.lasting, after.lasting)];
    const most = Math.max(before.expires, after.expires);
    return [
      ...(seen.lasting >= low - slack && seen.lasting <= high + slack
        ? []
        : [
            `database ${index}: expected ${low === high ? low : `${low} to ${high}`} keys that do not expire, found ${seen.lasting}`,
          ]),
      ...(seen.expires <= most + slack
        ? []
        : [`database ${index}: expected at most ${most} keys that expire, found ${seen.expires}`]),
    ];
  });
}

function sampleFaults(stable: readonly KeySample[], { samples, loadedAtMs }: LoadedCopy): string[] {
  const found = new Map(samples.map((sample) => [idOf(sample), sample]));
  return stable.flatMap((wanted) => {
    const isOver = wanted.expiresAtMs !== undefined && wanted.expiresAtMs <= loadedAtMs + EXPIRY_SLACK_MS;
    const seen = found.get(idOf(wanted));
    if (seen === undefined) return isOver ? [] : [`${shownKey(wanted)}: lost: expected a ${wanted.type}, found none`];
    const differs = differenceOf(wanted, seen);
    return differs === undefined ? [] : [`${shownKey(wanted)}: ${differs}`];
  });
}

/** What is different, in words without the value. */
export function differenceOf(wanted: KeySample, seen: KeySample): string | undefined {
  if (wanted.type !== seen.type) return `expected a ${wanted.type}, found a ${seen.type}`;
  if (wanted.size !== seen.size) return `expected size ${wanted.size}, found ${seen.size}`;
  if (wanted.digest !== seen.digest) return 'expected the same value, found another';
  const [due, seenDue] = [wanted.expiresAtMs, seen.expiresAtMs];
  if ((due === undefined) !== (seenDue === undefined)) {
    return due === undefined ? 'expected no time to live, found one' : 'expected a time to live, found none';
  }
  if (due !== undefined && seenDue !== undefined && Math.abs(due - seenDue) > EXPIRY_SLACK_MS) {
    return `expected the same time to live, found ${Math.round((seenDue - due) / 1000)} s more`;
  }
  return undefined;
}

/** Those that are the same before and after. */
export function stableSamples(before: readonly KeySample[], after: readonly KeySample[]): readonly KeySample[] {
  const later = new Map(after.map((sample) => [idOf(sample), sample]));
  return before.filter((sample) => {
    const again = later.get(idOf(sample));
    return again !== undefined && differenceOf(sample, again) === undefined;
  });
}

/** `session:...(24 bytes)`: a key may hold a token; only what stands before its first colon is shown. */
export function shownKey({ index, key }: KeySample): string {
  const text = fromBase64(key);
  const head = /^[A-Za-z0-9_.-]{1,30}:/.exec(text)?.[0] ?? '';
  return `key ${head}...(${text.length} bytes, database ${index})`;
}

function countsOf(facts: RedisFacts, index: number): { readonly lasting: number; readonly expires: number } {
  const found = facts.databases.find((database) => database.index === index);
  return { lasting: (found?.keys ?? 0) - (found?.expires ?? 0), expires: found?.expires ?? 0 };
}

export function total(facts: RedisFacts, field: 'keys' | 'expires'): number {
  return facts.databases.reduce((sum, database) => sum + database[field], 0);
}

function idOf({ index, key }: KeySample): string {
  return `${index}/${key}`;
}

/** Core has no Buffer: one character a byte. */
function fromBase64(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let bits = 0;
  let held = 0;
  let bytes = '';
  for (const character of text.replace(/=+$/, '')) {
    bits = (bits << 6) | alphabet.indexOf(character);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes += String.fromCharCode((bits >> held) & 0xff);
      bits &= (1 << held) - 1;
    }
  }
  return bytes;
}

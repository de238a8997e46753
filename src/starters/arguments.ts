/** Values given on the command line, checked before any server is asked. */
import { InvalidArgumentError } from 'commander';
import { userInfo } from 'node:os';
import { ON_BUSY, type OnBusy } from '../core/model/plan.ts';

/** A service or environment: a DNS label, because it becomes part of names in the cluster. */
export function nameArgument(text: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError('Expected lower case letters, digits and hyphens, at most 63 (as in crm-api).');
}

/** A tag of an image, or a digest. */
export function versionArgument(text: string): string {
  if (/^\w[\w.-]{0,127}$/.test(text) || /^sha256:[0-9a-f]{64}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected a tag (letters, digits, . _ -, at most 128) or sha256: and 64 hex digits.');
}

/** A way to choose a snapshot, or the identifier or ARN of one. */
export function snapshotArgument(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9:/_.-]{0,511}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected latest, random, oldest, or the identifier (or ARN) of a snapshot.');
}

export function onBusyArgument(text: string): OnBusy {
  const found = ON_BUSY.find((value) => value === text);
  if (found) return found;
  throw new InvalidArgumentError(`Expected one of ${ON_BUSY.join(', ')}.`);
}

/** A digest or its beginning: 8 hex digits or more; `sha256:` before it is left out. */
export function digestArgument(text: string): string {
  const digest = text.replace(/^sha256:/, '');
  if (/^[0-9a-f]{8,64}$/.test(digest)) return digest;
  throw new InvalidArgumentError('Expected at least the first 8 hex digits of a digest.');
}

/** What a person writes into a record: one line, not empty. */
export function textArgument(text: string): string {
  const trimmed = text.trim();
  if (trimmed !== '' && trimmed.length <= 500) return trimmed;
  throw new InvalidArgumentError('Expected some words, at most 500 characters.');
}

/** Who asks, when `--by` does not say: MAINSTAY_BY, else the name of the account. Claimed, not proven. */
export function whoAsks(by: string | undefined): string {
  if (by !== undefined) return by;
  const fromEnvironment = process.env.MAINSTAY_BY?.trim();
  if (fromEnvironment) return fromEnvironment;
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

import { createHash } from 'node:crypto';
import { OciError } from './oci-error.ts';

const SHA256 = /^sha256:[a-f0-9]{64}$/;

/** `sha256:<64 hex>` of the bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** True for the one digest form this registry stores. */
export function isDigest(text: string): boolean {
  return SHA256.test(text);
}

/** The digest itself, or DIGEST_INVALID when it is not `sha256:` with 64 lower-case hex digits. */
export function parseDigest(text: string | null | undefined): string {
  if (text && isDigest(text)) return text;
  throw new OciError('DIGEST_INVALID', `digest ${text ?? '(none)'} is not sha256:<64 hex digits>`, { digest: text });
}

/** The hexadecimal part, used as a file name. */
export function hexOf(digest: string): string {
  return parseDigest(digest).slice('sha256:'.length);
}

/** Secrets in a copy: mentioned with a keyed digest, or sealed with AES-256-GCM. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { PlainObject } from '../../core/cluster-backup/restorable.ts';
import type { SecretMention } from '../../core/model/cluster-backup.ts';
import { CodedError } from '../../errors/coded-error.ts';

const MAGIC = 'mainstay-sealed/1';
const SHORTEST_KEY = 32;
const TAG_BYTES = 16;

/** What may be said of a Secret. The digest is keyed: a short value cannot be guessed from it without the key. */
export function mentionOf(secret: PlainObject, digestKey: string | undefined): SecretMention {
  const { metadata, type, data } = secret;
  const values = typeof data === 'object' && data !== null ? (data as Readonly<Record<string, string>>) : {};
  const keys = Object.keys(values).sort();
  const { namespace = '', name } = metadata;
  const digestOf = (key: string, with_: string): string =>
    createHmac('sha256', with_)
      .update(`${namespace}/${name}/${key}\n`)
      .update(Buffer.from(values[key] ?? '', 'base64'))
      .digest('hex');
  return {
    namespace,
    name,
    type: typeof type === 'string' ? type : 'Opaque',
    keys,
    ...(digestKey === undefined
      ? {}
      : { digests: Object.fromEntries(keys.map((key) => [key, digestOf(key, digestKey)])) }),
  };
}

/**
 * One line of JSON that says how (and what it is about, which cannot be changed without notice), then the sealed bytes.
 * The key is made from the secret by HKDF. Throws InvalidInput when the secret has fewer than 32 characters.
 */
export function seal(text: string, about: string, secret: string): Buffer {
  const salt = randomBytes(16);
  const iv = randomBytes(12);
  const head = JSON.stringify({ format: MAGIC, about, salt: salt.toString('base64'), iv: iv.toString('base64') });
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, salt), iv);
  cipher.setAAD(Buffer.from(head));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return Buffer.concat([Buffer.from(`${head}\n`), sealed]);
}

/** Throws InvalidInput: no sealed text, another key, or one that was changed. */
export function unseal(bytes: Buffer, secret: string): { readonly text: string; readonly about: string } {
  const end = bytes.indexOf(0x0a);
  const head = bytes.subarray(0, Math.max(0, end)).toString('utf8');
  const said = readHead(head);
  const [body, tag] = [bytes.subarray(end + 1, bytes.length - TAG_BYTES), bytes.subarray(bytes.length - TAG_BYTES)];
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, said.salt), said.iv);
    decipher.setAAD(Buffer.from(head));
    decipher.setAuthTag(tag);
    return { text: Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8'), about: said.about };
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw new CodedError(
      'InvalidInput',
      'sealed Secrets: expected the key they were sealed with, found another one, or they were changed',
    );
  }
}

function readHead(head: string): { readonly about: string; readonly salt: Buffer; readonly iv: Buffer } {
  try {
    const read = JSON.parse(head) as Readonly<Record<string, unknown>>;
    if (read.format === MAGIC) {
      const [salt, iv] = [read.salt, read.iv].map((field) => Buffer.from(String(field), 'base64'));
      if (salt && iv) return { about: String(read.about), salt, iv };
    }
  } catch {
    // Told below.
  }
  throw new CodedError('InvalidInput', `sealed Secrets: expected a first line of ${MAGIC}, found another`);
}

function keyOf(secret: string, salt: Buffer): Buffer {
  if (secret.length < SHORTEST_KEY) {
    throw new CodedError(
      'InvalidInput',
      `key of sealed Secrets: expected at least ${SHORTEST_KEY} characters, found ${secret.length}`,
    );
  }
  return Buffer.from(hkdfSync('sha256', secret, salt, MAGIC, 32));
}

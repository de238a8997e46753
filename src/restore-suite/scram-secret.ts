import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

const ITERATIONS = 4096;

/**
 * What Postgres stores for a password (RFC 5803), so that CREATE ROLE carries no password into a server's log.
 * Printable ASCII only: other characters would have to be normalized first.
 */
export function scramSecret(password: string, salt: Buffer = randomBytes(16)): string {
  if (!/^[\u0020-\u007E]+$/.test(password)) throw new Error('password of a role: expected printable ASCII');
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${hmac('Server Key').toString('base64')}`;
}

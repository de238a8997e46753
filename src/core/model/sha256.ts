/**
 * SHA-256 (FIPS 180-4) in plain arithmetic, because workflow code has neither `node:crypto` nor Web Crypto and the
 * digest of a plan must be the same in a workflow, an activity and on the command line. For kilobytes, not for images.
 */

/** Lower-case hexadecimal digest of the UTF-8 bytes: `sha256('abc')` -> `ba7816bf...20015ad`. */
export function sha256(text: string): string {
  return sha256Bytes(utf8(text));
}

/** The same over bytes. */
export function sha256Bytes(bytes: readonly number[] | Uint8Array): string {
  const words = paddedWords(bytes);
  const hash = new Uint32Array(INITIAL_HASH);
  const schedule = new Uint32Array(64);
  for (let block = 0; block < words.length; block += 16) {
    schedule.set(words.subarray(block, block + 16));
    for (let t = 16; t < 64; t += 1) {
      const w15 = word(schedule, t - 15);
      const w2 = word(schedule, t - 2);
      const sigma0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
      const sigma1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
      schedule[t] = word(schedule, t - 16) + sigma0 + word(schedule, t - 7) + sigma1;
    }
    compress(hash, schedule);
  }
  return [...hash].map((part) => part.toString(16).padStart(8, '0')).join('');
}

function compress(hash: Uint32Array, schedule: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (let t = 0; t < 64; t += 1) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + sum1 + choice + word(ROUND_CONSTANTS, t) + word(schedule, t)) | 0;
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + sum0 + majority) | 0;
  }
  for (const [index, part] of [a, b, c, d, e, f, g, h].entries()) hash[index] = word(hash, index) + part;
}

/** Big-endian words: the message, a 1 bit, zeros, and the length in bits in the last two words. */
function paddedWords(bytes: readonly number[] | Uint8Array): Uint32Array {
  const words = new Uint32Array(Math.ceil((bytes.length + 9) / 64) * 16);
  for (let index = 0; index <= bytes.length; index += 1) {
    const byte = index === bytes.length ? 0x80 : (bytes[index] ?? 0);
    words[index >> 2] = word(words, index >> 2) | (byte << (24 - (index % 4) * 8));
  }
  words[words.length - 2] = Math.floor(bytes.length / 0x20000000);
  words[words.length - 1] = bytes.length * 8;
  return words;
}

/** UTF-8 bytes; a lone surrogate becomes U+FFFD, as TextEncoder has it (which workflow code cannot count on). */
function utf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    let code = character.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), continuation(code));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), continuation(code >> 6), continuation(code));
    else bytes.push(0xf0 | (code >> 18), continuation(code >> 12), continuation(code >> 6), continuation(code));
  }
  return bytes;
}

function continuation(code: number): number {
  return 0x80 | (code & 0x3f);
}

function rotate(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}

function word(words: Uint32Array, index: number): number {
  return words[index] ?? 0;
}

/** The first 32 bits of the fractional part of the roots (square: 2; cube: 3) of the first primes: FIPS 180-4, 4.2.2, 5.3.3. */
function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n += 1) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** Exact: the integer root of `prime * 2^(32 root)`, so no floating-point rounding of any engine can reach the digest. */
function fractionOfRoot(prime: number, root: 2n | 3n): number {
  const target = BigInt(prime) << (32n * root);
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** root <= target) low = middle;
    else high = middle;
  }
  return Number(low & 0xffffffffn);
}

const INITIAL_HASH = primes(8).map((prime) => fractionOfRoot(prime, 2n));
const ROUND_CONSTANTS = new Uint32Array(primes(64).map((prime) => fractionOfRoot(prime, 3n)));

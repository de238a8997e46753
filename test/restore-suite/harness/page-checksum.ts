/** The checksum of a data page, so that a fault can be made that no checksum tells of. */

/** Bytes of a page; the servers of the tests are built with the default. */
export const PAGE_BYTES = 8192;
const LANES = 32;
const PRIME = 16_777_619;
const CHECKSUM_AT = 8;

// Where each of the 32 parallel FNV-1a sums begins: constants of the on-disk format.
const BASIS = [
  0x5b1f36e9, 0xb8525960, 0x02ab50aa, 0x1de66d2a, 0x79ff467a, 0x9bb9f8a3, 0x217e7cd2, 0x83e13d2c, 0xf8d4474f,
  0xe39eb970, 0x42c6ae16, 0x993216fa, 0x7b093b5d, 0x98daff3c, 0xf718902a, 0x0b1c9cdb, 0xe58f764b, 0x187636bc,
  0x5d7b3bb1, 0xe73de7de, 0x92bec979, 0xcca6c0b2, 0x304a0979, 0x85aa43d4, 0x783125bb, 0x6ca8eaa2, 0xe407eac6,
  0x4b5cfc3e, 0x9fbf8c76, 0x15ca20be, 0xf2ca9fd3, 0x959bd756,
] as const;

const mix = (sum: number, value: number): number => {
  const mixed = (sum ^ value) >>> 0;
  return (Math.imul(mixed, PRIME) ^ (mixed >>> 17)) >>> 0;
};

/** What pd_checksum of the page must be at that block of its relation (counted through all segments). */
export function pageChecksum(page: Buffer, block: number): number {
  const sums: number[] = [...BASIS];
  for (let at = 0; at < PAGE_BYTES; at += 4) {
    // The field itself counts as zero.
    const word = at === CHECKSUM_AT ? page.readUInt16LE(at + 2) * 0x10000 : page.readUInt32LE(at);
    const lane = (at / 4) % LANES;
    sums[lane] = mix(sums[lane] ?? 0, word);
  }
  let all = 0;
  for (const sum of sums) all ^= mix(mix(sum, 0), 0);
  return (((all ^ block) >>> 0) % 65_535) + 1;
}

export const storedChecksum = (page: Buffer): number => page.readUInt16LE(CHECKSUM_AT);

export function storeChecksum(page: Buffer, block: number): void {
  page.writeUInt16LE(pageChecksum(page, block), CHECKSUM_AT);
}

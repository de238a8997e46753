/** One kind of request a simulated customer sends. */
export interface MixEntry {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Share relative to the other entries. */
  readonly weight: number;
  readonly body?: string;
}

/** What customers of the example company do. */
export const CRM_MIX: readonly MixEntry[] = [
  { method: 'GET', path: '/api/orders', weight: 50 },
  { method: 'GET', path: '/api/customers', weight: 30 },
  { method: 'POST', path: '/api/orders', weight: 20, body: '{"customer":"customer-001","amount":42}' },
];

/**
 * Picks entries by weight from a seeded sequence: the same each time, but without a period, so that it can never fall
 * into step with a router that splits every tenth request off.
 */
export function createMix(entries: readonly MixEntry[], seed = 1): () => MixEntry {
  const total = entries.reduce((sum, { weight }) => sum + weight, 0);
  const last = entries.at(-1);
  if (!last || !(total > 0)) throw new Error('request mix: expected at least one entry with a weight above 0');
  const random = mulberry32(seed);
  return () => {
    let point = random() * total;
    for (const entry of entries) {
      point -= entry.weight;
      if (point < 0) return entry;
    }
    return last;
  };
}

/** The mulberry32 generator: uniform in [0, 1), period 2^32. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

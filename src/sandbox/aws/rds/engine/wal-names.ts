/** Names of WAL files. A position `16/B374D848` is a 64-bit number; a file holds `segmentBytes` of it. */

const FOUR_GIB = 0x1_0000_0000n;

export interface WalRange {
  readonly timeline: number;
  /** First file's number. */
  readonly first: bigint;
  /** Last file's number. */
  readonly last: bigint;
}

export function parseLsn(text: string): bigint {
  const [high, low] = text.split('/');
  if (!high || !low) throw new Error(`WAL position: expected high/low in hexadecimal, found ${text}`);
  return BigInt(`0x${high}`) * FOUR_GIB + BigInt(`0x${low}`);
}

/** Files that hold the bytes from start up to, and without, stop. */
export function walRange(timeline: number, start: string, stop: string, segmentBytes: number): WalRange {
  const size = BigInt(segmentBytes);
  return { timeline, first: parseLsn(start) / size, last: (parseLsn(stop) - 1n) / size };
}

/** `000000010000000000000002` */
export function walName(timeline: number, number: bigint, segmentBytes: number): string {
  const perHigh = FOUR_GIB / BigInt(segmentBytes);
  return [BigInt(timeline), number / perHigh, number % perHigh].map((part) => hex8(part)).join('');
}

export function walNames({ timeline, first, last }: WalRange, segmentBytes: number): string[] {
  const names: string[] = [];
  for (let number = first; number <= last; number++) names.push(walName(timeline, number, segmentBytes));
  return names;
}

/** Timeline and number of a file; undefined when the name is another one's (history, partial, backup). */
export function parseWalName(name: string, segmentBytes: number): { timeline: number; number: bigint } | undefined {
  const parts = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/.exec(name);
  if (!parts) return undefined;
  const [timeline, high, low] = parts.slice(1).map((part) => BigInt(`0x${part}`)) as [bigint, bigint, bigint];
  return { timeline: Number(timeline), number: high * (FOUR_GIB / BigInt(segmentBytes)) + low };
}

function hex8(part: bigint): string {
  return part.toString(16).toUpperCase().padStart(8, '0');
}

/** Reading and harming pages of a stopped server's data directory. */
import { open, stat, truncate } from 'node:fs/promises';
import { PAGE_BYTES, storeChecksum } from './page-checksum.ts';

/** A line pointer: where an item lies in its page. */
export interface Item {
  readonly number: number;
  readonly offset: number;
  readonly flags: number;
  readonly bytes: number;
}

const LINE_POINTERS_AT = 24;
const LOWER_AT = 12;
const UPPER_AT = 14;
const SPECIAL_AT = 16;

/** The line pointers of a page, from 1. */
export function itemsOf(page: Buffer): readonly Item[] {
  const count = (page.readUInt16LE(LOWER_AT) - LINE_POINTERS_AT) / 4;
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const word = page.readUInt32LE(LINE_POINTERS_AT + index * 4);
    return { number: index + 1, offset: word & 0x7fff, flags: (word >>> 15) & 3, bytes: (word >>> 17) & 0x7fff };
  });
}

export function writeItem(page: Buffer, { number, offset, flags, bytes }: Item): void {
  page.writeUInt32LE((offset | (flags << 15) | (bytes << 17)) >>> 0, LINE_POINTERS_AT + (number - 1) * 4);
}

/** Takes a line pointer out, as if its item had never been put there; what it pointed at stays as unused room. */
export function removeItem(page: Buffer, number: number): void {
  const at = LINE_POINTERS_AT + (number - 1) * 4;
  const lower = page.readUInt16LE(LOWER_AT);
  page.copy(page, at, at + 4, lower);
  page.writeUInt16LE(lower - 4, LOWER_AT);
}

export const upperOf = (page: Buffer): number => page.readUInt16LE(UPPER_AT);
export const specialOf = (page: Buffer): number => page.readUInt16LE(SPECIAL_AT);

export interface PageFile {
  readonly blocks: number;
  read(block: number): Promise<Buffer>;
  /** With its checksum made good again unless the fault is to be one that checksums see. */
  write(block: number, page: Buffer): Promise<void>;
  zero(block: number): Promise<void>;
  /** Only that many blocks remain. */
  cut(blocks: number): Promise<void>;
}

export async function openPages(path: string, isSilent: boolean): Promise<PageFile> {
  const blocks = (await stat(path)).size / PAGE_BYTES;
  const write = async (block: number, page: Buffer) => {
    const file = await open(path, 'r+');
    try {
      await file.write(page, 0, PAGE_BYTES, block * PAGE_BYTES);
    } finally {
      await file.close();
    }
  };
  return {
    blocks,
    read: async (block) => {
      const file = await open(path, 'r');
      try {
        const page = Buffer.alloc(PAGE_BYTES);
        const { bytesRead } = await file.read(page, 0, PAGE_BYTES, block * PAGE_BYTES);
        if (bytesRead !== PAGE_BYTES) throw new Error(`${path}: expected block ${block}, found ${blocks} blocks`);
        return page;
      } finally {
        await file.close();
      }
    },
    write: (block, page) => {
      if (isSilent) storeChecksum(page, block);
      return write(block, page);
    },
    zero: (block) => write(block, Buffer.alloc(PAGE_BYTES)),
    cut: (left) => truncate(path, left * PAGE_BYTES),
  };
}

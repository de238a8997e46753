// gzip without compression. What a compressor makes of the same bytes differs with zlib's version and the processor;
// stored blocks are the same everywhere, and the image is a few kilobytes.
import { crc32 } from 'node:zlib';

const BLOCK_LIMIT = 0xffff;

export function gzipStored(content) {
  // Magic, method deflate, no flags, mtime 0, no extra flags, operating system unknown.
  const parts = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])];
  for (let start = 0; start === 0 || start < content.length; start += BLOCK_LIMIT) {
    const block = content.subarray(start, start + BLOCK_LIMIT);
    const head = Buffer.alloc(5);
    head.writeUInt8(start + BLOCK_LIMIT >= content.length ? 1 : 0, 0);
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(~block.length & 0xffff, 3);
    parts.push(head, block);
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(content), 0);
  tail.writeUInt32LE(content.length >>> 0, 4);
  return Buffer.concat([...parts, tail]);
}

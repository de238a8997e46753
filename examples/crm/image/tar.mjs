// A ustar archive whose bytes depend on names and contents alone: fixed owner, mode and time, sorted entries.
const BLOCK = 512;

/** @param {readonly { name: string, content?: Buffer }[]} entries files with content; folders without, name ending in / */
export function tar(entries) {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const blocks = sorted.flatMap(({ name, content }) => [header(name, content), padded(content ?? Buffer.alloc(0))]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function header(name, content) {
  if (Buffer.byteLength(name) > 100) throw new Error(`file name longer than 100 bytes: ${name}`);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  block.write(octal(content ? 0o644 : 0o755, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(content?.length ?? 0, 11), 124);
  block.write(octal(0, 11), 136);
  block.write(' '.repeat(8), 148);
  block.write(content ? '0' : '5', 156);
  block.write('ustar\0', 257);
  block.write('00', 263);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${octal(sum, 6)} `, 148);
  return block;
}

/** The number in `digits` octal digits and a closing NUL. */
function octal(value, digits) {
  return `${value.toString(8).padStart(digits, '0')}\0`;
}

function padded(content) {
  const rest = content.length % BLOCK;
  return rest === 0 ? content : Buffer.concat([content, Buffer.alloc(BLOCK - rest)]);
}

// The official download of a program, held against the checksum that its project publishes beside it.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { putInCache, scratchDir } from './cache.mjs';
import { currentPlatform, PINS } from './pins.mjs';

/** A closed network must not hold anybody up: no first answer within this time means that there will be none. */
const ANSWER_MS = 5_000;
const TRANSFER_MS = 180_000;

/**
 * Downloads the program into the cache.
 * @param {import('./pins.mjs').ToolName} name
 * @returns {Promise<{ path?: string, problem?: string }>} never throws: the next source is tried then
 */
export async function downloadOfficial(name) {
  const { official } = PINS[name];
  const platform = currentPlatform();
  if (!official) return { problem: 'its releases carry no checksum' };
  if (!platform || (official.systems && !official.systems.includes(platform.os)))
    return { problem: `nothing is published for ${process.platform} ${process.arch}` };
  const url = official.url(platform);
  const scratch = scratchDir();
  try {
    const expected = await fetchChecksum(official.checksumUrl(platform), basename(url));
    const file = join(scratch, basename(url));
    const seen = await fetchFile(url, file);
    if (seen !== expected) return { problem: `${url} has sha256 ${seen}, its checksum file says ${expected}` };
    if (!official.isArchive) return { path: putInCache(name, file) };
    const member = official.member?.(platform) ?? name;
    await promisify(execFile)('tar', ['-xzf', file, '-C', scratch, member]);
    return { path: putInCache(name, join(scratch, member)) };
  } catch (error) {
    return { problem: `${new URL(url).host}: ${reasonOf(error)}` };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function fetchChecksum(url, fileName) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
  if (!answer.ok) throw new Error(`HTTP ${answer.status} for ${url}`);
  const text = await answer.text();
  const line = text.split('\n').find((candidate) => candidate.trim().endsWith(fileName)) ?? text;
  const checksum = /\b[0-9a-f]{64}\b/.exec(line)?.[0];
  if (!checksum) throw new Error(`no sha256 for ${fileName} in ${url}`);
  return checksum;
}

/** Writes the file and returns its sha256 in hexadecimal. */
async function fetchFile(url, file) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TRANSFER_MS) });
  if (!answer.ok || !answer.body) throw new Error(`HTTP ${answer.status} for ${url}`);
  const hash = createHash('sha256');
  const hashed = async function* (chunks) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(Readable.fromWeb(answer.body), hashed, createWriteStream(file));
  return hash.digest('hex');
}

function reasonOf(error) {
  if (error.name === 'TimeoutError') return 'no answer in time';
  return error.cause?.code ?? error.message;
}

// Runs one build command and outlives the process that started it. Argument: the job folder. It takes the job by
// linking owner.json (a second runner finds it and leaves), writes log.txt, touches `alive`, obeys stop.json, and in
// the end links result.json. It replaces secrets before anything is written.
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  linkSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { processScope, startTimeOf } from './process-identity.mjs';

const LOOK_EVERY_MS = 200;
const KILL_AFTER_MS = 5000;
/** A command may leave a background process that holds its pipes: its own end is what counts. */
const PIPES_AFTER_EXIT_MS = 1000;
const TAIL_LINES = 20;
const MAX_LINE = 65_536;
const MAX_LOG_BYTES = 64 * 1024 * 1024;

const folder = process.argv[2];
const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'));
const startedAtMs = Date.now();
const aliveFile = join(folder, 'alive');
const logFile = join(folder, 'log.txt');
const secrets = secretForms(job.secretNames.map((name) => process.env[name] ?? ''));

const identity = { pid: process.pid, startTime: startTimeOf(process.pid), scope: processScope(), startedAtMs };
writeFileSync(aliveFile, '');
if (!publish('owner.json', identity)) process.exit(0);

let logBytes = 0;
let lastOutputLine = '';
const tail = [];
let ending;
let hasEnded = false;

const problem = whyNotStartable();
if (problem) finish('notStarted', null, null, problem);
else run();

function whyNotStartable() {
  try {
    if (!statSync(job.directory).isDirectory()) return `directory ${job.directory} is not a directory`;
  } catch (error) {
    return `directory ${job.directory}: ${error.code ?? error.message}`;
  }
  return undefined;
}

function run() {
  const [program, ...args] = job.command;
  // A group of its own: a signal to the group reaches all that the command started.
  const child = spawn(program, args, { cwd: job.directory, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.pid !== undefined) publish('command.json', { pid: child.pid, startTime: startTimeOf(child.pid) });

  const lines = [
    readLines(child.stdout, (line) => {
      writeLine(line);
      if (line.trim() !== '') lastOutputLine = line.trim();
    }),
    readLines(child.stderr, writeLine),
  ];
  const timer = setInterval(() => watch(child), LOOK_EVERY_MS);

  child.once('error', (error) => {
    clearInterval(timer);
    // A folder of PATH that may not be read gives EACCES for a name that is in none of the others.
    const isAbsent = error.code === 'ENOENT' || (error.code === 'EACCES' && !program.includes('/'));
    finish('notStarted', null, null, `${program}: ${isAbsent ? 'no such program' : error.message}`);
  });
  child.once('exit', (exitCode, signal) => {
    const limit = setTimeout(end, PIPES_AFTER_EXIT_MS);
    child.once('close', end);
    function end() {
      clearTimeout(limit);
      clearInterval(timer);
      for (const flush of lines) flush();
      if (ending) finish(ending.why, null, signal);
      else finish('exited', exitCode, signal);
    }
  });
}

function watch(child) {
  const now = new Date();
  utimesSync(aliveFile, now, now);
  if (ending) {
    if (now.getTime() - ending.atMs > KILL_AFTER_MS) killGroup(child.pid, 'SIGKILL');
    return;
  }
  if (existsSync(join(folder, 'stop.json'))) ending = { why: readStop(), atMs: now.getTime() };
  else if (now.getTime() - startedAtMs > job.timeoutMs) ending = { why: 'timedOut', atMs: now.getTime() };
  if (ending) killGroup(child.pid, 'SIGTERM');
}

function readStop() {
  const { why } = JSON.parse(readFileSync(join(folder, 'stop.json'), 'utf8'));
  return why === 'timedOut' ? 'timedOut' : 'stopped';
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

/** Calls back for each line; the returned function hands over what is left. A line that is too long is cut. */
function readLines(stream, onLine) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let isCut = false;
  const emit = (line) => {
    if (!isCut) onLine(redact(line.replace(/\r$/, '')));
    isCut = false;
  };
  stream.on('data', (chunk) => {
    const parts = (rest + decoder.write(chunk)).split('\n');
    rest = parts.pop();
    for (const part of parts) emit(part);
    if (rest.length > MAX_LINE) {
      // Only the first half is kept, so that no secret can be cut in two at the end.
      if (!isCut) onLine(`${redact(rest).slice(0, MAX_LINE / 2)} [cut]`);
      isCut = true;
      rest = '';
    }
  });
  stream.on('error', () => {});
  return () => {
    rest += decoder.end();
    if (rest !== '') emit(rest);
    rest = '';
  };
}

function writeLine(line) {
  // Colours and cursor moves of progress bars mean nothing in a message.
  const shown = stripVTControlCharacters(line).slice(0, 500);
  if (shown.trim() !== '') tail.push(shown);
  if (tail.length > TAIL_LINES) tail.shift();
  if (logBytes > MAX_LOG_BYTES) return;
  logBytes += line.length + 1;
  appendFileSync(logFile, logBytes > MAX_LOG_BYTES ? '[the log is full: the rest is not kept]\n' : `${line}\n`);
}

function redact(line) {
  let text = line;
  for (const secret of secrets) text = text.replaceAll(secret, '***');
  return text;
}

/** The values as they are, each of their lines, and as they appear in URLs and basic credentials; longest first. */
function secretForms(values) {
  const forms = new Set();
  for (const value of values) {
    for (const part of [value, ...value.split(/\r?\n/)]) {
      if (part.trim().length < 4) continue;
      for (const form of [part, part.trim(), encodeURIComponent(part), Buffer.from(part).toString('base64')])
        forms.add(form);
    }
  }
  return [...forms].sort((a, b) => b.length - a.length);
}

function finish(ended, exitCode, signal, why) {
  if (hasEnded) return;
  hasEnded = true;
  const endedAtMs = Date.now();
  const result = {
    ended,
    exitCode,
    signal,
    startedAtMs,
    endedAtMs,
    lastOutputLine,
    tail,
    ...(why ? { problem: why } : {}),
  };
  publish('result.json', result);
  // A background process that the command left behind may hold the pipes and with them this process.
  process.exit(0);
}

/** Writes a whole file or nothing; false when it is there already. */
function publish(name, content) {
  const draft = join(folder, `${name}.${process.pid}.tmp`);
  writeFileSync(draft, JSON.stringify(content), { mode: 0o600 });
  try {
    linkSync(draft, join(folder, name));
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

import { describe, expect, it } from 'vitest';
import { projectFiles, readProject } from './project-files.ts';

/** Joins what must not stand in this file in one piece: it would find itself, and so would a search of the repository. */
const inPieces = (...parts: readonly string[]): string => parts.join('');

const FORBIDDEN: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: new RegExp(inPieces('(^|[^\\w.])/wo', 'rk/\\w')), why: 'a path of one machine' },
  { pattern: new RegExp(inPieces('/ro', 'ot/\\.?\\w')), why: 'a path of one machine' },
  {
    pattern: new RegExp(
      inPieces('registry\\.npm', 'js|pypi\\.', 'org|pythonhos', 'ted|crates\\.', 'io|maven\\.', 'org|deb\\.', 'debian'),
    ),
    why: 'the host of a package registry: packages are named, the registry is the reader’s choice',
  },
  {
    pattern: new RegExp(inPieces('\\bvi\\.', 'mock\\(')),
    why: 'tests use real servers and typed fakes, no mocked module',
  },
  { pattern: new RegExp(inPieces('@ts-', '(ignore|nocheck|expect-error)')), why: 'types are mended, not silenced' },
  { pattern: new RegExp(inPieces('\\b(TO', 'DO|FIX', 'ME)\\b')), why: 'what is missing stands in an issue' },
];
const EMAIL = /[\w.+-]+@[\w-]+(\.[\w-]+)+/g;
const EMAIL_ALLOWED = /@(?:[\w-]+\.)*example\.(?:com|org|net)$|^git@github\.com$|@sha256|\.(?:svc|local|internal)$|@\d/;

const WARN_LINES = 300;
const FAIL_LINES = 400;
/** Tables that are read by looking up a row. */
const LONG_TABLES: readonly string[] = ['test/core/analysis/threshold.test.ts'];

/** Recorded histories are payloads in base64: the replay test looks at what stands in them. */
const isRecording = (path: string): boolean => path.startsWith('test/replay/histories/');
const texts = readProject(
  (path) => isText(path) && !isRecording(path) && !['package-lock.json', 'LICENSE'].includes(path),
);

describe('the repository', () => {
  it('says nothing that belongs to one machine, and breaks no house rule', () => {
    expect(texts.size).toBeGreaterThan(30);
    const found = [...texts].flatMap(([path, text]) => offences(path, text));
    expect(found).toEqual([]);
  });

  it('names no person: addresses are of example.com', () => {
    const found = [...texts].flatMap(([path, text]) => foreignAddresses(text).map((address) => `${path}: ${address}`));
    expect(found).toEqual([]);
  });

  it(`keeps files under ${FAIL_LINES} lines`, async ({ annotate }) => {
    const sizes = [...texts]
      .filter(([path]) => /^(src|test|tools|examples)\/.*\.(ts|mjs)$/.test(path) && !LONG_TABLES.includes(path))
      .map(([path, text]) => ({ path, lines: text.split('\n').length }));
    for (const { path, lines } of sizes) {
      if (lines > WARN_LINES) await annotate(`${path} has ${lines} lines: split it by subject`, 'warning');
    }
    expect(sizes.filter(({ lines }) => lines > FAIL_LINES)).toEqual([]);
  });

  it('names files in kebab-case', () => {
    const named = projectFiles().filter((path) => /^(src|test|tools)\/.*\.(ts|mjs)$/.test(path));
    expect(named.filter((path) => !/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(path.split('/').at(-1) ?? ''))).toEqual([]);
  });
});

describe('the checks themselves', () => {
  it.each([
    inPieces('see /wo', 'rk/main'),
    inPieces('https://registry.npm', 'js.org/zod'),
    inPieces('// @ts-', 'ignore'),
    inPieces('vi.', 'mock(x)'),
    inPieces('TO', 'DO: later'),
  ])('find %s', (line) => {
    expect(offences('x.ts', `first\n${line}`)).toHaveLength(1);
  });

  it.each([inPieces('ada@company', '.io'), inPieces('a.b@mail', '.org')])('find the address %s', (address) => {
    expect(foreignAddresses(`write to ${address} now`)).toEqual([address]);
  });

  it.each(['on-call@example.com', 'registry.local/crm@sha256.abc', 'zod@4.6.0'])('let %s pass', (text) => {
    expect(foreignAddresses(text)).toEqual([]);
  });
});

function offences(path: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const hit = FORBIDDEN.find(({ pattern }) => pattern.test(line));
    return hit ? [`${path}:${index + 1}: ${hit.why}: ${line.trim().slice(0, 100)}`] : [];
  });
}

function foreignAddresses(text: string): string[] {
  return (text.match(EMAIL) ?? []).filter((address) => !EMAIL_ALLOWED.test(address));
}

function isText(path: string): boolean {
  return /\.(ts|mts|mjs|js|json|md|yaml|yml|sh|sql|html|css|svg|txt)$|(^|\/)[^.]+$|^\.(oxlintrc|npmrc|gitignore)/.test(
    path,
  );
}

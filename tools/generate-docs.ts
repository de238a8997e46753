// Writes the pages under docs/ that are made from the code, or checks that they are as the code says.
//   node --import tsx tools/generate-docs.ts           writes
//   node --import tsx tools/generate-docs.ts --check   exit code 1 when a page is stale, missing or left over
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GENERATORS } from './docs/generators.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const isCheck = process.argv.includes('--check');
const problems: string[] = [];

for (const { path, generate } of GENERATORS) {
  const target = join(ROOT, path);
  const wanted = await generate();
  const found = existsSync(target) ? readFileSync(target, 'utf8') : undefined;
  if (found === wanted) continue;
  if (isCheck) problems.push(`${path} is ${found === undefined ? 'missing' : 'not what the code says'}`);
  else {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, wanted);
    console.log(`wrote ${path}`);
  }
}
for (const path of generatedFiles()) {
  if (!GENERATORS.some((generator) => generator.path === path))
    problems.push(`${path} has no generator any more: delete it`);
}

for (const problem of problems) console.error(`docs: ${problem}`);
if (problems.length > 0) {
  console.error('docs: run `npm run docs:write` and commit the result');
  process.exitCode = 1;
} else if (isCheck) console.log(`docs: ${GENERATORS.length} generated pages are as the code says`);

function generatedFiles(): string[] {
  const docs = join(ROOT, 'docs');
  const entries = readdirSync(docs, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.includes('.generated.'));
  return files.map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

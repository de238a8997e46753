// After the compiler: files under src/ that are not TypeScript but are read at run time go to the same place in the
// folder of the compiled code.
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src', import.meta.url));
const [target] = process.argv.slice(2);

for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.endsWith('.ts')) continue;
  const from = join(entry.parentPath, entry.name);
  cpSync(from, join(target, from.slice(source.length)), { preserveTimestamps: true });
}

/** One import, re-export or dynamic import as it stands in a file. */
export interface Import {
  /** As written: `./plan.ts`, `node:fs`, `zod`. */
  readonly specifier: string;
  /** False for `import type` and `export type`, which the compiler erases. Inline `type` names leave a value import. */
  readonly isValue: boolean;
}

const STATEMENT = /^[ \t]*(import|export)\s+(type\s+)?(?:[\w$*\s{},]+?\s+from\s+)?['"]([^'"]+)['"]/gm;
const CALL = /\b(import|require)\(\s*['"]([^'"]+)['"]\s*\)/g;

/**
 * The imports of a TypeScript file, by its text: the compiler in use has no API, and the format check keeps statements
 * in the one shape that this reads. `import('x').Y` inside a type counts as a value, on the safe side.
 */
export function importsOf(text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found: Import[] = [];
  for (const [, , type, specifier] of code.matchAll(STATEMENT)) {
    if (specifier) found.push({ specifier, isValue: type === undefined });
  }
  for (const [, , specifier] of code.matchAll(CALL)) if (specifier) found.push({ specifier, isValue: true });
  return found;
}

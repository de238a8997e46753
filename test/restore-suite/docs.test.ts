/** The page says of each check what the program says. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CHECK_KINDS } from '../../src/core/model/restore.ts';
import { CHECK_TEXTS } from '../../src/core/restore/check-texts.ts';

const page = readFileSync(new URL('../../docs/restore-suite.md', import.meta.url), 'utf8');

it.each(CHECK_KINDS)('docs/restore-suite.md tells what %s proves', (kind) => {
  const { proves, notProves } = CHECK_TEXTS[kind];
  expect(page).toContain(`| \`${kind}\` | ${proves} | ${notProves} |`);
});

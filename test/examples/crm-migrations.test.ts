import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readMigrationFolder, readReviewed } from '../../src/clients/migrations/migration-folder.ts';
import { EXPAND_RULES } from '../../src/core/migration/expand-rules.ts';
import { DIRECTIVES, parseMigration } from '../../src/core/migration/parse-file.ts';
import { checkMigrations } from '../../src/core/preflight/check-migrations.ts';
import { healthyFacts } from '../harness/healthy-facts.ts';
import { SOME_MIGRATIONS, somePlan } from '../harness/some-plan.ts';

const FOLDER = fileURLToPath(new URL('../../examples/crm/migrations', import.meta.url));
const PAGE = readFileSync(new URL('../../docs/migrations.md', import.meta.url), 'utf8');

it('the migrations of the example company pass every rule and are listed as reviewed', async () => {
  const files = (await readMigrationFolder(FOLDER)).map((each) => parseMigration(each, each.text).file);
  const reviewed = await readReviewed(FOLDER, 'reviewed.sha256');
  const facts = {
    ...healthyFacts(),
    migrations: { seen: 'present', files, recorded: [], ...(reviewed && { reviewed }) },
  } as const;
  const plan = somePlan({ migrations: { ...SOME_MIGRATIONS, reviewed: 'reviewed.sha256' } });
  expect(checkMigrations(facts, plan)).toMatchObject({
    result: 'pass',
    reason: expect.stringContaining('0004_order_reference.contract.sql'),
  });
  expect(files).toHaveLength(4);
});

describe('docs/migrations.md', () => {
  const examples = [...PAGE.matchAll(/```sql\n-- (\S+\.sql)\n([^]*?)```/g)].map(([, name = '', text = '']) => ({
    name,
    text,
  }));

  it('shows files that can be used', () => {
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const { name, text } of examples) {
      const { file } = parseMigration({ name, checksum: '' }, text);
      expect([name, file.faults, file.findings]).toEqual([name, [], []]);
    }
  });

  it('lists every rule with its words, and every line that a file may hold', () => {
    for (const [rule, says] of Object.entries(EXPAND_RULES)) expect(PAGE).toContain(`| \`${rule}\` | ${says} |`);
    for (const directive of DIRECTIVES) expect(PAGE).toContain(`| \`-- mainstay: ${directive}`);
  });
});

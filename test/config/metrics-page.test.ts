import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseCatalogue } from '../../src/config/load-catalogue.ts';
import { TEMPLATE_VARIABLES } from '../../src/core/model/promql-template.ts';
import { resolvePlan } from '../../src/core/rollout/resolve-plan.ts';
import { QUERY_TROUBLES } from '../../src/errors/classify-prometheus.ts';

const page = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];

describe('docs/metrics.md', () => {
  it('shows a catalogue that is good, and its defaults as they are', () => {
    const plan = (text: string) => {
      const loaded = parseCatalogue(text, '/srv/mainstay.yaml');
      if (loaded.outcome !== 'loaded') throw new Error(JSON.stringify(loaded.problems));
      const resolved = resolvePlan(loaded, { service: 'web', environment: 'production', version: 'v1' });
      if ('problems' in resolved) throw new Error(JSON.stringify(resolved.problems));
      return resolved.plan.analysis.metrics;
    };
    expect(plan(example)).toHaveLength(3);
    expect(plan(example.replaceAll(/ +(timeout: 5s|lag: 10s|staleAfter: 2m)\n/g, ''))).toEqual(plan(example));
  });

  it.each(TEMPLATE_VARIABLES)('explains the variable %s', (name) => {
    expect(page).toContain(`\`{{${name}}}\``);
  });

  it.each(Object.keys(QUERY_TROUBLES))('explains "%s"', (trouble) => {
    const rows = page.split('\n').filter((line) => line.startsWith('| '));
    expect(rows.some((row) => (row.split('|')[2] ?? '').includes(trouble))).toBe(true);
  });
});

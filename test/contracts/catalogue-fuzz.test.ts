import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { whyNotAnalysis } from '../../src/core/analysis/threshold-refusal.ts';
import { planDigest } from '../../src/core/rollout/plan-digest.ts';
import { resolvePlan } from '../../src/core/rollout/resolve-plan.ts';
import { GOOD, load } from './example-catalogue.ts';

type Path = readonly (string | number)[];

/** What people write in the wrong place, beside any JSON at all. */
const strange = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom('10s', '1h', '0s', 'web', 'production', '> 1%', '< 5s', '100', 100, 0, -1, 3, true, 'canary', [], {}),
);
const paths = pathsOf(parse(GOOD), []);

describe('a catalogue with strange values', () => {
  it('is refused with problems, or gives plans that can be judged and digested', () => {
    const changes = fc.array(fc.tuple(fc.constantFrom(...paths), strange), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(changes, (spoilings) => {
        let raw: unknown = parse(GOOD);
        for (const [path, value] of spoilings) raw = replaced(raw, path, value);
        const loaded = load(stringify(raw, { aliasDuplicateObjects: false }));
        if (loaded.outcome !== 'loaded') {
          expect(loaded.problems.length).toBeGreaterThan(0);
          for (const { expected, found } of loaded.problems) expect([expected, found]).not.toContain('');
          return;
        }
        for (const environment of Object.keys(loaded.catalogue.environments)) {
          for (const service of Object.keys(loaded.catalogue.services)) {
            const resolved = resolvePlan(loaded, { service, environment, version: 'v1' });
            if (!('plan' in resolved)) throw new Error(JSON.stringify(resolved.problems));
            expect(whyNotAnalysis(resolved.plan.analysis)).toEqual([]);
            expect(planDigest(resolved.plan, 'image')).toMatch(/^[0-9a-f]{64}$/);
            const shortestMs = Math.min(...resolved.plan.steps.map(({ durationMs }) => durationMs));
            for (const { judge } of resolved.plan.analysis.metrics) {
              expect(judge.warmUpMs + judge.count * judge.intervalMs).toBeLessThanOrEqual(shortestMs);
            }
          }
        }
      }),
      { numRuns: 80 },
    );
  });
});

/** Every place of the example, parts as well as values. */
function pathsOf(value: unknown, path: Path): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, field]) =>
    pathsOf(field, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return path.length === 0 ? inner : [path, ...inner];
}

/** A copy with another value at the path; unchanged where an earlier change has taken the path away. */
function replaced(root: unknown, path: Path, value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (typeof root !== 'object' || root === null) return root;
  if (Array.isArray(root)) return root.map((item, index) => (index === first ? replaced(item, rest, value) : item));
  return Object.fromEntries(
    Object.entries(root).map(([key, field]) => [key, key === first ? replaced(field, rest, value) : field]),
  );
}

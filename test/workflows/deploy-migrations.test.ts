import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseMigration } from '../../src/core/migration/parse-file.ts';
import { self, send } from '../harness/conversation.ts';
import { createFakes, newWorld, whyNotS1 } from '../harness/fake-world.ts';
import { healthyFacts } from '../harness/healthy-facts.ts';
import { IMAGE_1, SOME_MIGRATIONS, somePlan } from '../harness/some-plan.ts';
import { isMissing } from '../harness/tools.ts';
import { type Lab, openLab } from '../harness/workflow-lab.ts';

const ONE = { name: '0001_a.expand.sql', checksum: 'a'.repeat(64) };
const TWO = { name: '0002_b.expand.sql', checksum: 'b'.repeat(64) };
const PLAN = somePlan({
  migrations: SOME_MIGRATIONS,
  preflight: { ...somePlan().preflight, migrations: 'required' },
  steps: [{ index: 0, weightPercent: 100, durationMs: 60_000, approval: false }],
});

describe.skipIf(isMissing('temporal'))('a deployment with migrations', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab('local');
  });
  afterAll(async () => {
    await lab.close();
  });

  function begin() {
    const world = newWorld();
    const { fakes, calls } = createFakes(world, { plan: PLAN });
    const files = [ONE, TWO].map((each) => parseMigration(each, 'SELECT 1').file);
    const looked = fakes.observePreflight;
    fakes.observePreflight = async (input) => ({
      ...healthyFacts(),
      ...(await looked(input)),
      migrations: { seen: 'present', files, recorded: [] },
    });
    return { world, fakes, names: () => calls.map(({ name }) => name) };
  }

  it('applies them once it owns the service and before the first canary pod', async () => {
    const { world, fakes, names } = begin();
    const result = await (await lab.trial(fakes).start()).result();
    expect(result).toMatchObject({ outcome: 'promoted', migrations: { applied: [ONE] } });
    expect(names().join(' ')).toContain('claimService migrateDatabase scaleCanary');
    expect(whyNotS1(world)).toBeUndefined();
  });

  it('shows in a dry run what would be applied, and applies nothing', async () => {
    const { fakes, names } = begin();
    const result = await (await lab.trial(fakes).start({ dryRun: true })).result();
    expect(result).toMatchObject({ outcome: 'planned', migrations: { applied: [], pending: [ONE, TWO] } });
    expect(result.preflight.find(({ name }) => name === 'migrations')?.reason).toContain(
      `${ONE.name} (sha256 ${ONE.checksum})`,
    );
    expect(names()).not.toContain('migrateDatabase');
  });

  it('ends rejected when a file fails: no pod, no traffic, and the report says what stays', async () => {
    const { world, fakes, names } = begin();
    const failed = { name: TWO.name, reason: 'no such column' };
    fakes.migrateDatabase = async () => ({
      outcome: 'failed',
      report: { applied: [ONE], pending: [TWO], failed, contract: [], missing: [] },
      says: 'no such column; rolled back, 1 applied before it stay',
    });
    const handle = await lab.trial(fakes).start();
    expect(await handle.result()).toMatchObject({
      outcome: 'rejected',
      reasonCode: 'MigrationFailed',
      reason: expect.stringMatching(/^migrations of crm-api-\d+: no such column; rolled back, 1 applied/),
      migrations: { applied: [ONE], failed },
    });
    expect(names()).not.toContain('scaleCanary');
    expect(world.deployment.image).toBe(IMAGE_1);
    expect(whyNotS1(world)).toBeUndefined();
    const status = await handle.query<{ readonly undone: string }>('status');
    expect(status.undone).toMatch(/NOT taken back: 0001_a\.expand\.sql in the database/i);
  });

  it('tells what stays when it is aborted in the middle of them', async () => {
    const { world, fakes } = begin();
    fakes.migrateDatabase = async () => {
      const context = Context.current();
      const beats = setInterval(() => context.heartbeat(), 100);
      await send(self(lab), 'abort', { by: 'sre-on-call', reason: 'wrong night' });
      await context.cancelled.catch(() => undefined);
      clearInterval(beats);
      return {
        outcome: 'cancelled',
        report: { applied: [ONE], pending: [TWO], contract: [], missing: [] },
        says: 'cancelled',
      };
    };
    const result = await (await lab.trial(fakes).start()).result();
    expect(result).toMatchObject({
      outcome: 'aborted',
      reasonCode: 'Aborted',
      migrations: { applied: [ONE], pending: [TWO] },
    });
    expect(whyNotS1(world)).toBeUndefined();
  });
});

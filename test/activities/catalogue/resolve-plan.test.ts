import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { createResolvePlan } from '../../../src/activities/catalogue/resolve-plan.ts';
import { load, spoiled } from '../../contracts/example-catalogue.ts';

const INPUT = { service: 'web', environment: 'production', version: 'v1.4.2' };

async function run(input: unknown, text: string = spoiled()) {
  const { resolvePlan } = createResolvePlan({ loadCatalogue: async () => load(text) });
  return resolvePlan(input);
}

async function failure(input: unknown, text?: string): Promise<ApplicationFailure> {
  try {
    await run(input, text);
  } catch (error) {
    if (error instanceof ApplicationFailure) return error;
    throw error;
  }
  throw new Error('the plan was resolved');
}

describe('activity resolvePlan', () => {
  it('gives the plan', async () => {
    expect(await run(INPUT)).toMatchObject({ plan: { service: 'web', version: 'v1.4.2', steps: [{}, {}] } });
  });

  it('fails for good with every problem of the names, one a line', async () => {
    const error = await failure({ ...INPUT, service: 'wbe', environment: 'prod' });
    expect(error).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
    expect(error.message.split('\n')).toEqual([
      'deployService: 2 problems',
      '- service: expected the name of a service of the catalogue, one of web (did you mean web?), found "wbe"',
      '- environment: expected the name of an environment of the catalogue, one of production, staging, found "prod"',
    ]);
    expect(error.details).toEqual([
      [expect.objectContaining({ path: 'service' }), expect.objectContaining({ path: 'environment' })],
    ]);
  });

  it('tells problems of the input and of the catalogue together', async () => {
    const error = await failure({ service: 'web', version: 1 }, spoiled(['port: 80', 'port: 0']));
    expect(error.message.split('\n').map((line) => line.split(': expected')[0])).toEqual([
      'deployService: 3 problems',
      '- environment',
      '- version',
      '- line 30: /srv/company/mainstay.yaml: services.web.traffic.port',
    ]);
  });

  it.each([undefined, null, 'text', [INPUT]])('fails for good when the input is %j', async (input) => {
    expect(await failure(input)).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
  });

  it('lets a fault of the machine be retried', async () => {
    const { resolvePlan } = createResolvePlan({ loadCatalogue: () => Promise.reject(new Error('EIO')) });
    await expect(resolvePlan(INPUT)).rejects.toThrow('EIO');
  });
});

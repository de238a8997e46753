/**
 * Names are a wire format: they stand in workflow histories, on cluster objects and in people's scripts. A name that
 * is changed or removed breaks what runs at that moment; names.golden.txt makes such a change visible in a review.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createActivities, type ActivityDeps } from '../../src/activities/index.ts';
import {
  canaryName,
  KEEPER_MESSAGES,
  keeperId,
  MARKS,
  MEMO,
  MESSAGES,
  OWNERSHIP_MESSAGES,
  ownershipId,
  scheduleId,
  TASK_QUEUES,
  WORKFLOWS,
} from '../../src/core/model/names.ts';
import { AWS_TAGS } from '../../src/core/model/temporary.ts';
import { BACKUP_OUTCOMES, BACKUP_REASON_CODES } from '../../src/core/model/backup-operation.ts';
import { OUTCOMES, REASON_CODES } from '../../src/core/model/operation.ts';
import { ERROR_CODES } from '../../src/errors/codes.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { EXIT_CODES } from '../../src/starters/exit-codes.ts';
import * as workflows from '../../src/workflows/index.ts';

const GOLDEN = new URL('./names.golden.txt', import.meta.url);

/** Made from the code; each section lists its names in alphabetical order, because order is no part of the contract. */
function namesOfTheCode(): string {
  const activities = createActivities({} as ActivityDeps);
  const { fenceOf, writtenAtOf, ...marks } = MARKS;
  const sections: Readonly<Record<string, readonly string[]>> = {
    'workflow types': Object.keys(workflows),
    activities: Object.keys(activities),
    'messages of an operation': Object.values(MESSAGES),
    'messages of ownership': Object.values(OWNERSHIP_MESSAGES),
    'messages of a keeper': Object.values(KEEPER_MESSAGES),
    'task queues': Object.values(TASK_QUEUES),
    'workflow ids': [
      ownershipId('ENVIRONMENT', 'service', 'NAME'),
      ownershipId('ENVIRONMENT', 'database', 'NAME'),
      keeperId('VERIFICATION'),
    ],
    schedules: [scheduleId('KIND', 'ENVIRONMENT', 'NAME'), scheduleId('KIND', 'ENVIRONMENT')],
    'annotations and labels': [...Object.values(marks), fenceOf('SERVICE'), writtenAtOf('SERVICE')],
    'canary objects': [canaryName('NAME', 1_763_000_000)],
    memo: Object.values(MEMO),
    'error codes': Object.keys(ERROR_CODES),
    outcomes: OUTCOMES,
    'reason codes': REASON_CODES,
    'outcomes of backups': BACKUP_OUTCOMES,
    'reason codes of backups': BACKUP_REASON_CODES,
    'tags at the provider': Object.values(AWS_TAGS),
    'exit codes': Object.entries(EXIT_CODES).map(([name, { code }]) => `${String(code).padStart(3)} ${name}`),
    settings: Object.keys(SETTINGS),
  };
  return Object.entries(sections)
    .map(([title, names]) => `# ${title}\n${[...names].sort().join('\n')}\n`)
    .join('\n');
}

it('keeps every name that histories, objects and scripts carry (else edit names.golden.txt, knowing what breaks)', () => {
  expect(namesOfTheCode().split('\n')).toEqual(readFileSync(GOLDEN, 'utf8').split('\n'));
});

it('gives each workflow type the name that starters and children call it by', () => {
  expect(Object.values(WORKFLOWS).sort()).toEqual(Object.keys(workflows).sort());
});

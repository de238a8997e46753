/**
 * `npm run sweep`: on real servers, every activity of a deployment, of its undo and of its restore, disturbed in every
 * way; afterwards an observer of cluster and router says whether the promises hold.
 *
 *   npm run sweep -- --quick                         a spread-out part: every step and every kind at least once
 *   npm run sweep -- --only shiftTraffic:2:kill      one point; also `shiftTraffic:2` or `kill`; several with commas
 *   npm run sweep -- --lanes 8 --kill-lanes 6        how much at a time
 */
import { parseArgs } from 'node:util';
import { loadTools } from '../../tools/setup/tools.mjs';
import { Crew } from './crew.ts';
import type { Tried } from './lane.ts';
import { type Point, pointName, pointsOf, quickPointsOf, SCENARIOS, type Step, stepName, stepsOf } from './points.ts';
import { page } from './report.ts';
import { startWorld } from './world.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    lanes: { type: 'string', default: '8' },
    'kill-lanes': { type: 'string', default: '6' },
  },
});
Object.assign(process.env, loadTools());
const startMs = Date.now();
const say = (text: string): void => {
  process.stderr.write(`${((Date.now() - startMs) / 1000).toFixed(0).padStart(4)} s  ${text}\n`);
};

const world = await startWorld(['calm', 'kills']);
let code = 1;
try {
  code = await sweep();
} finally {
  await world.close();
}
process.exit(code);

async function sweep(): Promise<number> {
  say('servers are up');
  const calm = await Crew.assemble(world, 'calm');
  const references = await calm.reference(SCENARIOS);
  const broken = references.filter(({ problems }) => problems.length > 0);
  if (broken.length > 0) {
    for (const { name, said, problems } of broken) say(`undisturbed ${name}: ${said}: ${problems.join('; ')}`);
    return 1;
  }
  const steps = SCENARIOS.flatMap((scenario, index) => stepsOf(scenario, references[index]?.trace ?? []));
  const points = chosen(steps);
  if (points.length === 0) {
    say(`no such point; steps: ${steps.map(stepName).join(', ')}`);
    return 1;
  }
  say(`${steps.length} steps, ${points.length} points`);
  const tried: Tried[] = [];
  const done = (one: Tried): void => {
    tried.push(one);
    const how = one.problems.length === 0 ? 'ok' : `FAILED: ${one.problems.join('; ')}`;
    say(
      `${tried.length}/${points.length} ${one.name}: ${one.said}, ${one.end ?? '?'} serves, ${one.seconds} s, ${how}`,
    );
  };
  const isKill = ({ kind }: Point): boolean => kind === 'kill';
  await Promise.all([
    calm.run(
      points.filter((point) => !isKill(point)),
      Number(values.lanes),
      done,
    ),
    runKills(points.filter(isKill), done),
  ]);
  process.stdout.write(page(steps, tried, (Date.now() - startMs) / 1000));
  return tried.every(({ problems }) => problems.length === 0) ? 0 : 1;
}

async function runKills(points: readonly Point[], done: (one: Tried) => void): Promise<void> {
  if (points.length === 0) return;
  const crew = await Crew.assemble(world, 'kills');
  await crew.runKills(points, Number(values['kill-lanes']), done);
}

function chosen(steps: readonly Step[]): readonly Point[] {
  const wanted = values.only?.split(',');
  if (wanted === undefined) return values.quick ? quickPointsOf(steps) : pointsOf(steps);
  return pointsOf(steps).filter((point) =>
    wanted.some((name) => name === pointName(point) || name === stepName(point.step) || name === point.kind),
  );
}

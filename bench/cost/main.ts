/**
 * `npm run bench:cost`: what Temporal bills and keeps for the default canary (10, 25, 50, 75, 100 % for 10 minutes each,
 * bake 10 minutes), at several look intervals and rates of traffic. `--quick` goes faster, `--json` prints all counts.
 *
 * Steps, bake, looks and the observer's heartbeat run on a clock that is so many times faster, all by the same factor;
 * the SDK lets a heartbeat through every 0.8 x its timeout, so their number is that of real time. What changes objects
 * runs in real time, with its real heartbeat, and pods take real seconds to get ready.
 */
import { parseArgs } from 'node:util';
import { table } from '../world/numbers.ts';
import { type Case, type CaseCost, measureCosts, type Scale } from './measure.ts';

/** The third is the slowest look that a catalogue may have beside the observer's heartbeat of 30 s. */
const LOOKS_S = [5, 10, 25];
const RPS = [1, 100, 1000];
const GOAL = { actions: 60, heartbeats: 200, events: 200 };
/** Heartbeats are sent by a clock: one more or less of a watch is no growth. */
const SLACK = { actions: 2, heartbeats: 12, events: 6 };

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const scale: Scale = values.quick ? { speed: 100, podReadyMs: 15_000 } : { speed: 50, podReadyMs: 15_000 };
const cases: readonly Case[] = LOOKS_S.flatMap((lookS) => RPS.map((rps) => ({ lookS, rps })));

const costs = await measureCosts(cases, scale);
const usual = costs.find(({ lookS, rps }) => lookS === 10 && rps === 100) ?? costs[0];
if (!usual) throw new Error('nothing was measured');
const verdicts = judge(costs);
process.stdout.write(values.json ? `${JSON.stringify({ scale, costs, verdicts }, undefined, 1)}\n` : page(usual));
process.exit(verdicts.every(({ met }) => met) ? 0 : 1);

function page(one: CaseCost): string {
  const counted = costs.map((each) => [
    `look every ${each.lookS} s, ${each.rps} rps a pod`,
    `${each.actionsInAll}`,
    `${each.actionsByServer}`,
    `${each.heartbeats}`,
    `${each.events}`,
    each.outcome,
  ]);
  const kinds = Object.entries(one.actions).map(([kind, count]) => [`  ${kind}`, `${count}`]);
  const events = Object.entries(one.parts).flatMap(([part, { events: all, byType }]) => [
    [`  ${part}`, `${all}`],
    ...Object.entries(byType).map(([type, count]) => [`    ${type.toLowerCase().replaceAll('_', ' ')}`, `${count}`]),
  ]);
  return [
    '',
    `Default canary: 5 steps and bake of 10 min, ${scale.speed} times as fast; pods ready after ${scale.podReadyMs / 1000} s of real time.`,
    'Heartbeats are those that the Temporal server counted. Ownership and guard are included.',
    '',
    table([['', 'actions', 'by the server', 'heartbeats', 'events', 'outcome'], ...counted]),
    '',
    `Look every ${one.lookS} s at ${one.rps} rps. Billable actions besides heartbeats, by the list of Temporal Cloud:`,
    table(kinds),
    "The server's own account of what is billable:",
    table(Object.entries(one.byServer).map(([kind, count]) => [`  ${kind}`, `${count}`])),
    'History events:',
    table(events),
    '',
    ...verdicts.map(({ goal, found, met }) => `${met ? 'met   ' : 'MISSED'}  ${goal}: ${found}`),
    '',
  ].join('\n');
}

function judge(all: readonly CaseCost[]): { readonly goal: string; readonly found: string; readonly met: boolean }[] {
  const of = {
    actions: all.map(({ actionsInAll, actionsByServer }) => Math.max(actionsInAll, actionsByServer)),
    heartbeats: all.map(({ heartbeats }) => heartbeats),
    events: all.map(({ events }) => events),
  };
  const names = { actions: 'billable actions besides heartbeats', heartbeats: 'heartbeats', events: 'history events' };
  const kinds = ['actions', 'heartbeats', 'events'] as const;
  const within = kinds.map((kind) => {
    const most = Math.max(...of[kind]);
    return { goal: `at most ${GOAL[kind]} ${names[kind]}`, found: `${most}`, met: most <= GOAL[kind] };
  });
  const flat = kinds.map((kind) => {
    const [least, most] = [Math.min(...of[kind]), Math.max(...of[kind])];
    const goal = `${names[kind]} grow neither with traffic nor with looks (by ${SLACK[kind]} at most)`;
    return { goal, found: `${least} to ${most}`, met: most - least <= SLACK[kind] };
  });
  const failed = all.filter(({ outcome }) => outcome !== 'promoted');
  const found = failed.length === 0 ? 'all' : failed.map(({ outcome }) => outcome).join('; ');
  return [...within, ...flat, { goal: 'every canary is promoted', found, met: failed.length === 0 }];
}

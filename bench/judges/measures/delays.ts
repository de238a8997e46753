/** How long a fault is served before it is rolled back, by our judge and by the rules of the field, on the same streams. */
import { checkMedian, checkShare, MARKED, medianOf, percentText, type Check } from '../compare.ts';
import type { Columns, Measure, Section, Table } from '../measure.ts';
import { PAGE_RUNS } from '../profiles.ts';
import { settingOf } from '../rules/minutes.ts';
import { cellKey, delayCells, MINUTES, simulateDelays } from './delay-cells.ts';
import { allowedSettings, bestForAll, bestForOne, minutesOf, minutesOfSlots, MOST_FALSE } from './delay-rules.ts';
import { pageSetting, settingText, shareFound, type Minutes } from './delay-rules.ts';
import { DELAY_GROUPS, KAYENTA_RUNS, parseOutcome, SHORT_RECORD, TEN_FAILURES } from './delays-page.ts';
import type { DelayGroup, PageFault } from './delays-page.ts';

const RULES = {
  fl0: 'fl0',
  fl3: 'fl3',
  ten: '10 failures',
  one: 'one',
  pageOne: 'one, specified',
  flaggerOne: 'one, Flagger',
  each: 'each',
  kayenta: 'Kayenta /10',
  sequential: 'sequential',
} as const;
type Rule = keyof typeof RULES;
const NAMES = Object.keys(RULES) as readonly Rule[];
/** Rules that the goal speaks of: each at its best single setting, as it is, and counted where it keeps to 1 % false. */
const RIVALS: readonly Rule[] = ['fl0', 'fl3', 'ten', 'one', 'pageOne', 'flaggerOne', 'kayenta'];

interface Found {
  readonly group: DelayGroup;
  readonly equal: Columns;
  readonly faults: readonly { readonly fault: PageFault; readonly columns: Columns }[];
  readonly outcomes: (columns: Columns) => Readonly<Record<Rule, Minutes>>;
  readonly settings: string;
}

function report(all: ReadonlyMap<string, Columns>): Section {
  const found = DELAY_GROUPS.flatMap((group) => findGroup(group, all));
  const checks: Check[] = [];
  const lost: string[] = [];
  const rows = found.flatMap((one) => groupRows(one, checks, lost));
  const short = all.get(cellKeyOfShort(2)) ? shortRecordTable(all, checks) : [];
  return {
    title: 'Delay of a fault that is there from minute 0, against rules that look once a minute',
    notes: [
      'One hour, canary 10 % (D: 5 %), gamma bursts by the minute, record 240 min, base 0.2 %. Share found if not 100 %, then the median minute (a miss is infinite); the specification’s figure in brackets, `(!)` where ours is more than 3 standard errors away. Rows with k = 1: false rollbacks in per cent.',
      '`fl0`, `fl3`: the minute’s error ratio is above 1 %, rolled back at the 1st or 4th bad minute (Argo Rollouts). `10 failures`: the same at the 10th, on the tick after (Flagger). `one`: the threshold and limit that are best for all faults of the group, with at most 1 % false rollbacks on these very streams; `one, specified` is the specification’s own choice, `one, Flagger` the same search for the tick after. `each`: chosen anew for every k. All of these know base and faults beforehand, which nobody does. `Kayenta /10`: Mann-Whitney over the minutes’ error ratios, canary against the whole stable arm, looked at every 10 min.',
      'Best for all faults means the lowest product of mean delays, a miss counting as the whole hour; the specification does not say how it chose, so that its own setting stands beside. `each` and `one` are tuned by us, and are not checked against the specification.',
      ...found.map(({ group, settings }) => `${group.id}: ${settings}.`),
      lost.length === 0
        ? 'Lost: no cell.'
        : `Lost (bold), where a rule with at most 1 % false rollbacks finds half of the faults sooner, or more of them where nobody finds half: ${lost.join('; ')}.`,
    ],
    tables: [
      { title: 'Share found and median minute', head: ['cell', 'k', ...NAMES.map((name) => RULES[name])], rows },
      extraErrorsTable(found),
      ...short,
    ],
    checks,
  };
}

function findGroup(group: DelayGroup, all: ReadonlyMap<string, Columns>): readonly Found[] {
  const equal = all.get(cellKey(group, 1));
  if (!equal) return [];
  const faults = group.faults.flatMap((fault) => {
    const columns = all.get(cellKey(group, fault.k));
    return columns ? [{ fault, columns }] : [];
  });
  const allowed = { argo: allowedSettings(equal, 'argo'), flagger: allowedSettings(equal, 'flagger') };
  const faulty = faults.map(({ columns }) => columns);
  const one = bestForAll(allowed.argo, faulty, 'argo');
  const flaggerOne = bestForAll(allowed.flagger, faulty, 'flagger');
  const outcomes = (columns: Columns): Readonly<Record<Rule, Minutes>> => {
    const each = columns === equal ? undefined : bestForOne(allowed.argo, columns, 'argo');
    const none: Minutes = Array.from(columns.slot ?? [], () => Number.POSITIVE_INFINITY);
    return {
      fl0: minutesOf(columns, 'argo', settingOf(0.01, 0)),
      fl3: minutesOf(columns, 'argo', settingOf(0.01, 3)),
      ten: minutesOf(columns, 'flagger', settingOf(0.01, 9)),
      one: one ? minutesOf(columns, 'argo', one) : none,
      pageOne: minutesOf(columns, 'argo', pageSetting(group)),
      flaggerOne: flaggerOne ? minutesOf(columns, 'flagger', flaggerOne) : none,
      each: each ? minutesOf(columns, 'argo', each) : none,
      kayenta: Array.from(columns.kayenta ?? [], (minute) => (minute === 0 ? Number.POSITIVE_INFINITY : minute)),
      sequential: minutesOfSlots(columns.slot ?? new Float64Array()),
    };
  };
  const settings = `one ${settingText(one)}; specified ${settingText(pageSetting(group))}; Flagger ${settingText(flaggerOne)}`;
  return [{ group, equal, faults, outcomes, settings }];
}

function groupRows({ group, equal, faults, outcomes }: Found, checks: Check[], lost: string[]): string[][] {
  const quiet = outcomes(equal);
  const printed: Partial<Record<Rule, number>> = {
    fl0: group.equal.fl0,
    fl3: group.equal.fl3,
    pageOne: group.equal.one,
    sequential: group.equal.sequential,
  };
  const first = NAMES.map((name) => {
    if (name === 'each') return '<= 1 %';
    const share = { count: quiet[name].filter(Number.isFinite).length, runs: quiet[name].length };
    const text = `${percentText(share.count / share.runs)} %`;
    const page = printed[name];
    if (page === undefined) return text;
    const half = page >= 10 ? 0.5 : 0.05;
    const check = checkShare(`${group.id}, k 1, ${RULES[name]}`, share, page, PAGE_RUNS.delays.equal, half);
    checks.push(check);
    return `${text} (${page})${mark(check)}`;
  });
  const rows = faults.map(({ fault, columns }) => {
    const minutes = outcomes(columns);
    const better = whoIsBetter(quiet, minutes);
    if (better.length > 0) {
      const names = better.map((name) => `${RULES[name]} ${outcomeText(minutes[name])}`).join(', ');
      lost.push(`${group.id} k ${fault.k} (${names}; sequential ${outcomeText(minutes.sequential)})`);
    }
    return [
      group.id,
      String(fault.k),
      ...NAMES.map((name) => {
        const text = outcomeText(minutes[name]);
        const shown = better.includes(name) ? `**${text}**` : text;
        return `${shown}${besidePage(group, fault, name, minutes[name], checks)}`;
      }),
    ];
  });
  return [[group.id, '1', ...first], ...rows];
}

/** Rivals that keep to 1 % false rollbacks and find sooner, or clearly more where neither finds half. */
function whoIsBetter(
  quiet: Readonly<Record<Rule, Minutes>>,
  minutes: Readonly<Record<Rule, Minutes>>,
): readonly Rule[] {
  const ours = medianOf(minutes.sequential);
  const ourShare = shareFound(minutes.sequential);
  return RIVALS.filter((name) => {
    if (shareFound(quiet[name]) > MOST_FALSE) return false;
    const theirs = medianOf(minutes[name]);
    if (Number.isFinite(theirs) || Number.isFinite(ours)) return theirs < ours;
    const share = shareFound(minutes[name]);
    return (
      share - ourShare > MARKED * Math.sqrt((share * (1 - share) + ourShare * (1 - ourShare)) / minutes[name].length)
    );
  });
}

/** The page's figure in brackets, and its check. */
function besidePage(group: DelayGroup, fault: PageFault, name: Rule, minutes: Minutes, checks: Check[]): string {
  const printed: Partial<Record<Rule, string | undefined>> = {
    fl0: fault.fl0,
    fl3: fault.fl3,
    ten: group.id === 'A 100 rps cv 0' ? TEN_FAILURES[fault.k] : undefined,
    pageOne: fault.one,
    kayenta: fault.kayenta,
    sequential: fault.sequential,
  };
  if (name === 'each') return ` (${fault.each})`;
  const text = printed[name];
  if (text === undefined) return '';
  const runs = name === 'kayenta' ? KAYENTA_RUNS[group.cv > 0 ? 'bursts' : 'even'] : PAGE_RUNS.delays.faulty;
  const own = checkOutcome(`${group.id}, k ${fault.k}, ${RULES[name]}`, minutes, text, runs);
  // The ten-failures row gives medians without the share.
  const kept = name === 'ten' ? own.slice(1) : own;
  checks.push(...kept);
  return ` (${text})${kept.some((check) => check.errors > MARKED) ? ' (!)' : ''}`;
}

function checkOutcome(what: string, minutes: Minutes, text: string, runs: number): readonly Check[] {
  const page = parseOutcome(text);
  const share = { count: minutes.filter(Number.isFinite).length, runs: minutes.length };
  const found = checkShare(
    `${what}, share found`,
    share,
    page.percent,
    runs,
    Number.isInteger(page.percent) ? 0.5 : 0.05,
  );
  return page.minute === undefined
    ? [found]
    : [found, checkMedian(`${what}, median minute`, minutes, page.minute, runs)];
}

function mark(check: Check): string {
  return check.errors > MARKED ? ' (!)' : '';
}

/** `97 %, 23.5`; `14.5`; `24 %`. */
export function outcomeText(minutes: Minutes): string {
  const share = shareFound(minutes);
  const median = medianOf(minutes);
  const parts = [
    ...(share < 0.9995 || !Number.isFinite(median)
      ? [`${share >= 0.995 ? (share * 100).toFixed(1) : percentText(share)} %`]
      : []),
    ...(Number.isFinite(median) ? [Number.isInteger(median) ? String(median) : median.toFixed(1)] : []),
  ];
  return parts.join(', ');
}

/** Errors that the fault adds, up to its rollback or the end of the hour, mean over the streams. */
function extraErrorsTable(found: readonly Found[]): Table {
  const rows = found.flatMap(({ group, faults, outcomes }) =>
    faults.map(({ fault, columns }) => {
      const minutes = outcomes(columns);
      const errors = columns.errors ?? new Float64Array();
      const atSlot = columns.errorsAtSlot ?? new Float64Array();
      const extra = (count: number) => count * (1 - 1 / fault.k);
      const texts = NAMES.map((name) => {
        const sum = minutes[name].reduce((total, minute, run) => {
          if (name === 'sequential') return total + extra(atSlot[run] ?? 0);
          return total + extra(errors[run * MINUTES + Math.min(MINUTES, minute) - 1] ?? 0);
        }, 0);
        return (sum / minutes[name].length).toFixed(sum / minutes[name].length < 10 ? 1 : 0);
      });
      return [group.id, String(fault.k), ...texts];
    }),
  );
  return {
    title: 'Extra errors served before the rollback, mean; a miss serves them for the whole hour',
    head: ['cell', 'k', ...NAMES.map((name) => RULES[name])],
    rows,
  };
}

function shortRecordTable(all: ReadonlyMap<string, Columns>, checks: Check[]): readonly Table[] {
  const rows = Object.entries(SHORT_RECORD).flatMap(([k, page]) => {
    const slots = all.get(cellKeyOfShort(Number(k)))?.slot60;
    if (!slots) return [];
    const minutes = minutesOfSlots(slots);
    const check = checkMedian(`A cv 0, k ${k}, record 60 min`, minutes, Number(page), PAGE_RUNS.delays.faulty);
    checks.push(check);
    return [[k, `${outcomeText(minutes)} (${page})${mark(check)}`]];
  });
  return [{ title: 'A 100 rps cv 0 with a record of 60 min', head: ['k', 'sequential'], rows }];
}

function cellKeyOfShort(k: number): string {
  return `A 100 rps cv 0/${k}`;
}

export const delays: Measure = { name: 'delays', cells: delayCells, simulate: simulateDelays, report };

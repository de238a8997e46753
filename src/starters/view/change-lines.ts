/** What is worth a line when an operation is followed without a terminal, or above the live block of one. */
import { stepName } from '../../core/status/seen.ts';
import { verdictInShort } from '../../core/status/verdict-in-short.ts';
import { momentInWords } from '../../core/status/words.ts';
import type { OperationView } from '../operation/operation-view.ts';
import { liveNumbers, sixTexts } from './six-texts.ts';

/** Numbers that change at each look are told this often, and at once when their verdict changes. */
const LOOK_LINE_MS = 20_000;

export interface ChangeLine {
  readonly about: 'what' | 'why' | 'step' | 'seen' | 'next' | 'trouble';
  /** With the time of day (UTC) before it. */
  readonly text: string;
}

/** Remembers what was said, so that nothing is said twice. */
export class ChangeLines {
  #said = new Map<string, string>();
  #stepsSaid = 0;
  #lookAtMs = 0;

  /** New lines since the last call; none when nothing changed. */
  of(view: OperationView): readonly ChangeLine[] {
    const texts = sixTexts({
      ...view,
      troubles: [],
      ...(view.worker ? { worker: { ...view.worker, polls: true } } : {}),
    });
    const found: readonly (readonly [ChangeLine['about'], readonly string[]])[] = [
      ['step', this.#finishedSteps(view)],
      ['what', this.#what(texts.what)],
      ['why', this.#changed('why', texts.why.replace(/^Now: /, ''), '  ')],
      ['seen', this.#look(view)],
      ['next', this.#changed('next', texts.next, '  next: ')],
      ['trouble', this.#worker(view)],
      ['trouble', this.#changed('troubles', view.troubles.join('; '), '  tried again: ')],
    ];
    const time = momentInWords(view.atMs).slice(11);
    return found.flatMap(([about, lines]) => lines.map((line) => ({ about, text: `${time} ${line}` })));
  }

  /** What is deployed is said once; afterwards only how far it has come. */
  #what(what: string): readonly string[] {
    const subject = what.slice(0, what.indexOf(': ') + 2);
    const isKnown = this.#said.get('subject') === subject;
    this.#said.set('subject', subject);
    const text = what.replace(/ Asked for by .*$/, '').slice(isKnown ? subject.length : 0);
    return this.#said.get('what') === text ? [] : this.#changed('what', isKnown ? text : what);
  }

  #changed(name: string, text: string, label = ''): readonly string[] {
    if (this.#said.get(name) === text) return [];
    this.#said.set(name, text);
    return text === '' ? [] : [`${label}${text}`];
  }

  #finishedSteps(view: OperationView): readonly string[] {
    const steps = view.status?.steps ?? [];
    const fresh = steps.slice(this.#stepsSaid);
    this.#stepsSaid = Math.max(this.#stepsSaid, steps.length);
    const all = view.status?.ladder?.length;
    return fresh.map(
      (record) => `  ${stepName(record, all)}: ${record.verdict.phase}, ${verdictInShort(record.verdict)}`,
    );
  }

  #look(view: OperationView): readonly string[] {
    const numbers = liveNumbers(view, true);
    if (!view.look || numbers === undefined || view.look.atMs === this.#lookAtMs) return [];
    const { phase, holding, step, atMs, nC, nS } = view.look;
    if (nC === 0 && nS === 0 && holding === undefined) return []; // the very first look has nothing to compare with yet
    const verdict = `${step} ${phase} ${holding ?? ''}`;
    const isNew = this.#said.get('look') !== verdict;
    if (!isNew && atMs - this.#lookAtMs < LOOK_LINE_MS) return [];
    this.#said.set('look', verdict);
    this.#lookAtMs = atMs;
    return [`  seen ${numbers}`];
  }

  #worker(view: OperationView): readonly string[] {
    if (!view.worker) return [];
    const wasSaid = this.#said.has('worker');
    const lines = this.#changed('worker', view.worker.text, '  ');
    return wasSaid || !view.worker.polls ? lines : [];
  }
}

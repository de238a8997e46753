/** A report as sections of words and tables. How they look is up to who shows them: a terminal, Markdown, a page. */

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  /** A list of sentences, each with a command to paste where there is one. */
  | { readonly kind: 'list'; readonly items: readonly { readonly text: string; readonly command?: string }[] }
  | { readonly kind: 'table'; readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | Trend
  | Spans;

/** A number from run to run, oldest first, with the limit it is compared with. */
export interface Trend {
  readonly kind: 'trend';
  readonly title: string;
  readonly unit: 'span' | 'bytes';
  /** `value` in milliseconds or bytes; `null`: that run has none. */
  readonly points: readonly { readonly atMs: number; readonly value: number | null; readonly says: string }[];
  readonly limit?: { readonly name: string; readonly value: number };
}

/** Stretches of time that follow each other. */
export interface Spans {
  readonly kind: 'spans';
  readonly title: string;
  readonly spans: readonly { readonly name: string; readonly startedAtMs: number; readonly endedAtMs: number }[];
}

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface ReportPage {
  /** `ROLLED BACK  crm-api v2 in production` */
  readonly title: string;
  /** How to colour it. */
  readonly mood: 'well' | 'warning' | 'bad';
  readonly sections: readonly Section[];
}

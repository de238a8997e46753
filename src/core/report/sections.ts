/** A report as sections of words and tables. How they look is up to who shows them: a terminal, Markdown, a page. */

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  /** A list of sentences, each with a command to paste where there is one. */
  | { readonly kind: 'list'; readonly items: readonly { readonly text: string; readonly command?: string }[] }
  | { readonly kind: 'table'; readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] };

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

/** How many streams each table is made from. */

export const PROFILES = ['quick', 'default', 'full'] as const;
export type ProfileName = (typeof PROFILES)[number];

/** Seed of every published figure. */
export const SEED = 20_250_117;

export interface Profile {
  readonly name: ProfileName;
  /** Streams of a cell without a difference, and of the same with the ladder. */
  readonly falseRollbacks: { readonly hour: number; readonly ladder: number };
  readonly delays: { readonly equal: number; readonly faulty: number };
  readonly gate: number;
  readonly preflight: number;
  readonly latency: number;
  readonly noData: number;
  /** Only the cells that are marked for a quick look. */
  readonly onlyMarked: boolean;
}

export const PROFILE: Readonly<Record<ProfileName, Profile>> = {
  quick: {
    name: 'quick',
    falseRollbacks: { hour: 500, ladder: 400 },
    delays: { equal: 800, faulty: 150 },
    gate: 100,
    preflight: 300,
    latency: 200,
    noData: 20,
    onlyMarked: true,
  },
  default: {
    name: 'default',
    falseRollbacks: { hour: 1_500, ladder: 1_000 },
    delays: { equal: 2_500, faulty: 600 },
    gate: 300,
    preflight: 1_000,
    latency: 500,
    noData: 100,
    onlyMarked: false,
  },
  /** As many as the page's figures were made from. */
  full: {
    name: 'full',
    falseRollbacks: { hour: 4_000, ladder: 3_000 },
    delays: { equal: 5_000, faulty: 1_000 },
    gate: 600,
    preflight: 2_000,
    latency: 1_500,
    noData: 100,
    onlyMarked: false,
  },
};

/** How many streams the page's figures were made from. */
export const PAGE_RUNS = PROFILE.full;

/** What set-up installs of each program; the whole table stands in pins.mjs. */
export declare const PINS: Readonly<Record<string, { readonly version: string }>>;

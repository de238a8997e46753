/** Why node_modules of the checkout does not hold what package-lock.json says, or undefined when it does. */
export declare function whyStale(root: string): string | undefined;

/**
 * Whether a rollback there is an incident, by the name of the environment: `production`, `prod`, `production-eu` are;
 * `preproduction`, `staging` and `demo` are not.
 */
export function isProduction(environment: string): boolean {
  return /^prod(uction)?(-|$)/.test(environment);
}

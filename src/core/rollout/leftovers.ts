/** Term in the name of a canary object of this stable object; undefined for any other name. `web-canary-17` of `web` -> 17 */
export function leftoverTerm(stable: string, name: string): number | undefined {
  const prefix = `${stable}-canary-`;
  const rest = name.slice(prefix.length);
  return name.startsWith(prefix) && /^\d{1,15}$/.test(rest) ? Number(rest) : undefined;
}
